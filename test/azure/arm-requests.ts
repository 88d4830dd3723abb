import { Clock } from "../../sandbox/clock.js";
import { startArmServer, type ArmServer } from "../../sandbox/azure/server.js";

export interface ArmAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // Tests read many shapes; each reads its own.
  readonly body: any; // eslint-disable-line @typescript-eslint/no-explicit-any
}

/** ARM without workspaces behind it, and what a test says to it. */
export class ArmUnderTest {
  readonly created: string[] = [];
  readonly removed: string[] = [];

  private constructor(
    readonly clock: Clock,
    private server: ArmServer | undefined,
  ) {}

  static async start(): Promise<ArmUnderTest> {
    const clock = new Clock();
    const test = new ArmUnderTest(clock, undefined);
    test.server = await startArmServer({
      clock,
      workspaces: {
        create: ({ name }) => {
          test.created.push(name);
          return Promise.resolve({ workspaceUrl: `http://${name}.test`, workspaceId: "42" });
        },
        remove: (id) => {
          test.removed.push(id.split("/").at(-1) ?? id);
          return Promise.resolve();
        },
      },
    });
    return test;
  }

  get arm(): ArmServer {
    if (!this.server) throw new Error("not started");
    return this.server;
  }

  get scope(): string {
    return this.arm.arm.subscription.path;
  }

  async send(method: string, path: string, body?: unknown, query = "api-version=2024-01-01"): Promise<ArmAnswer> {
    const response = await fetch(`${this.arm.url}${path}?${query}`, {
      method,
      headers: { authorization: "Bearer test", "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: text.startsWith("{") ? (JSON.parse(text) as unknown) : undefined,
    };
  }

  /** Sends, moves the clock over every operation, and gives what the resource is then. */
  async settle(method: string, path: string, body?: unknown): Promise<ArmAnswer> {
    const answer = await this.send(method, path, body);
    if (answer.status >= 400) throw new Error(answer.text);
    this.clock.advance(60_000);
    await this.arm.arm.operations.settled();
    return method === "DELETE" ? answer : this.send("GET", path);
  }

  group(name: string, location = "eastus2"): Promise<ArmAnswer> {
    return this.settle("PUT", `${this.scope}/resourceGroups/${name}`, { location });
  }

  async stop(): Promise<void> {
    await this.arm.close();
    this.clock.stop();
  }
}
