import { MessageChannel, Worker } from "node:worker_threads";
import { interpreterImage, WORKER_FILE } from "./interpreter-image.js";

/** What the 1.2 API gives as `results` of a command. */
export type CommandResults = Record<string, unknown>;

/** Answers a call that Python makes into the workspace; both sides as JSON text, never rejects. */
export type HostCall = (name: string, args: string) => Promise<string>;

/** How long an interrupted command may go on before its interpreter is ended by force. */
const INTERRUPT_GRACE_MS = 2000;

/** A Python interpreter of one execution context, in a worker thread that starts with its first command. */
export class Interpreter {
  #worker: Worker | undefined;
  #started: Promise<Worker> | undefined;
  readonly #interrupt = new Int32Array(new SharedArrayBuffer(4));
  #nextId = 0;
  #closed = false;

  constructor(private readonly call: HostCall) {}

  /** Runs one command; `undefined` when it was interrupted or the interpreter ended under it. */
  async run(code: string): Promise<CommandResults | undefined> {
    Atomics.store(this.#interrupt, 0, 0);
    const worker = await this.#start();
    if (this.#closed) return undefined;
    const id = this.#nextId++;
    const json = await new Promise<string | undefined>((resolve, reject) => {
      const finish = (settle: () => void): void => {
        worker.off("message", onMessage).off("exit", onExit).off("error", onError);
        settle();
      };
      const onMessage = (message: { id: number; results: string }): void => {
        if (message.id === id) finish(() => resolve(message.results));
      };
      const onExit = (): void => finish(() => resolve(undefined));
      const onError = (cause: unknown): void => finish(() => reject(cause as Error));
      worker.on("message", onMessage).on("exit", onExit).on("error", onError);
      worker.postMessage({ id, code });
    });
    const results: unknown = json === undefined ? undefined : JSON.parse(json);
    return results === "cancelled" ? undefined : (results as CommandResults | undefined);
  }

  /** Raises KeyboardInterrupt in the running command; one that takes no notice loses its interpreter, variables and all. */
  interrupt(stillRunning: () => boolean): void {
    Atomics.store(this.#interrupt, 0, 2);
    Atomics.notify(this.#interrupt, 0);
    setTimeout(() => {
      if (!stillRunning()) return;
      void this.#worker?.terminate();
    }, INTERRUPT_GRACE_MS).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#started?.catch(() => undefined);
    await this.#worker?.terminate();
  }

  #start(): Promise<Worker> {
    this.#started ??= this.#boot();
    return this.#started;
  }

  async #boot(): Promise<Worker> {
    const { module, snapshot } = await interpreterImage();
    const { port1, port2 } = new MessageChannel();
    const answered = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(WORKER_FILE, {
      workerData: { module, snapshot, sources: {}, port: port2, answered, interrupt: this.#interrupt },
      transferList: [port2],
      execArgv: [],
    });
    port1.on("message", ({ name, args }: { name: string; args: string }) => {
      void this.call(name, args).then((answer) => {
        port1.postMessage(answer);
        Atomics.store(answered, 0, 1);
        Atomics.notify(answered, 0);
      });
    });
    // Neither keeps the process alive: a sandbox that is not closed must still be able to end.
    port1.unref();
    this.#worker = worker;
    // Whatever ended it, the next command begins with a new interpreter.
    worker.once("exit", () => {
      port1.close();
      this.#started = this.#worker = undefined;
    });
    await new Promise<void>((resolve, reject) => {
      worker.once("message", () => resolve());
      worker.once("error", reject);
      worker.once("exit", (code) => reject(new Error(`the interpreter ended at its start, exit code ${code}`)));
    });
    worker.unref();
    return worker;
  }
}
