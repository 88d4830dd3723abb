import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { interpreterImage, WORKER_FILE } from "./interpreter-image.js";

/** Answers a call that Python makes into the workspace; both sides as JSON text, never rejects. */
export type HostCall = (name: string, args: string) => Promise<string>;

/** A worker thread with Python in it, for one context at a time. */
export class PythonWorker {
  #nextId = 0;
  #ended = false;
  #call: HostCall = () => Promise.resolve("{}");

  private constructor(
    private readonly worker: Worker,
    port: MessagePort,
    answered: Int32Array,
    private readonly interrupted: Int32Array,
  ) {
    port.on("message", ({ name, args }: { name: string; args: string }) => {
      void this.#call(name, args).then((answer) => {
        port.postMessage(answer);
        Atomics.store(answered, 0, 1);
        Atomics.notify(answered, 0);
      });
    });
    // Neither keeps the process alive: a sandbox that is not closed must still be able to end.
    port.unref();
    worker.once("exit", () => {
      port.close();
      this.#ended = true;
    });
  }

  static async start(): Promise<PythonWorker> {
    const { module, snapshot } = await interpreterImage();
    const { port1, port2 } = new MessageChannel();
    const [answered, interrupt] = [4, 4].map((bytes) => new Int32Array(new SharedArrayBuffer(bytes))) as [
      Int32Array,
      Int32Array,
    ];
    const worker = new Worker(WORKER_FILE, {
      workerData: { module, snapshot, sources: {}, port: port2, answered, interrupt },
      transferList: [port2],
      execArgv: [],
    });
    const started = new PythonWorker(worker, port1, answered, interrupt);
    await new Promise<void>((resolve, reject) => {
      worker.once("message", () => resolve());
      worker.once("error", reject);
      worker.once("exit", (code) => reject(new Error(`the interpreter ended at its start, exit code ${code}`)));
    });
    worker.unref();
    return started;
  }

  get ended(): boolean {
    return this.#ended;
  }

  answerWith(call: HostCall): void {
    this.#call = call;
  }

  /** Runs code, and gives its results as JSON; undefined where the worker ended under it. */
  run(code: string): Promise<string | undefined> {
    Atomics.store(this.interrupted, 0, 0);
    return this.#ask({ code });
  }

  /** Makes it new for another context. Whether that was possible. */
  async reset(): Promise<boolean> {
    return (await this.#ask({}).catch(() => undefined)) !== undefined;
  }

  interrupt(): void {
    Atomics.store(this.interrupted, 0, 2);
    Atomics.notify(this.interrupted, 0);
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }

  #ask(request: { readonly code?: string }): Promise<string | undefined> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        this.worker.off("message", onMessage).off("exit", onExit).off("error", onError);
        settle();
      };
      const onMessage = (message: { id: number; results: string }): void => {
        if (message.id === id) finish(() => resolve(message.results));
      };
      const onExit = (): void => finish(() => resolve(undefined));
      const onError = (cause: unknown): void => finish(() => reject(cause as Error));
      this.worker.on("message", onMessage).on("exit", onExit).on("error", onError);
      this.worker.postMessage({ id, ...request });
    });
  }
}
