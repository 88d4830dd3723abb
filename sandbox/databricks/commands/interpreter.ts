import { PythonWorker, type HostCall } from "./python-worker.js";

/** What the 1.2 API gives as `results` of a command. */
export type CommandResults = Record<string, unknown>;

/** How long an interrupted command may go on before its interpreter is ended by force. */
const INTERRUPT_GRACE_MS = 2000;

/** How many workers wait for the next context: starting one takes 0.3 s of CPU, making it new again next to none. */
const MOST_SPARE = 2;

const spare: PythonWorker[] = [];

/** A Python interpreter of one execution context, in a worker thread that it gets with its first command. */
export class Interpreter {
  #worker: Promise<PythonWorker> | undefined;
  #wasInterrupted = false;
  #running = 0;
  #closed = false;

  constructor(private readonly call: HostCall) {}

  /** Runs one command; `undefined` when it was interrupted or the interpreter ended under it. */
  async run(code: string): Promise<CommandResults | undefined> {
    const worker = await (this.#worker ??= this.#start());
    if (this.#closed) return undefined;
    this.#running += 1;
    try {
      const json = await worker.run(code);
      // Whatever ended it, the next command begins with a new interpreter.
      if (worker.ended) this.#worker = undefined;
      const results: unknown = json === undefined ? undefined : JSON.parse(json);
      return results === "cancelled" ? undefined : (results as CommandResults | undefined);
    } finally {
      this.#running -= 1;
    }
  }

  /** Raises KeyboardInterrupt in the running command; one that takes no notice loses its interpreter, variables and all. */
  interrupt(stillRunning: () => boolean): void {
    this.#wasInterrupted = true;
    void this.#worker?.then((worker) => worker.interrupt()).catch(() => undefined);
    setTimeout(() => {
      if (!stillRunning()) return;
      void this.#worker?.then((worker) => worker.end()).catch(() => undefined);
    }, INTERRUPT_GRACE_MS).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = await this.#worker?.catch(() => undefined);
    if (!worker || worker.ended) return;
    const isFit = !this.#wasInterrupted && this.#running === 0 && spare.length < MOST_SPARE;
    if (isFit && (await worker.reset())) spare.push(worker);
    else await worker.end();
  }

  async #start(): Promise<PythonWorker> {
    const worker = spare.pop() ?? (await PythonWorker.start());
    worker.answerWith(this.call);
    return worker;
  }
}
