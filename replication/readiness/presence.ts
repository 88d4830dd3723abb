import type { Inventory, SideName } from "../kinds/kind.js";
import { ApiError, ConnectionError, isNotFound } from "../client/errors.js";
import { objectsOf } from "../values/json.js";
import type { WorkspaceClient } from "../client/workspace-client.js";
import { mapAll } from "../values/for-all.js";
import { encodePath } from "../kinds/files.js";
import { dbfsRefusal, unlessDbfsIsOff } from "../kinds/scripts/dbfs-refusal.js";
import { workspacePath } from "../notes/notes-folder.js";
import { secretStamps } from "../inventory/secret-stamps.js";
import type { FilePlace, Need } from "./needs.js";

/** `refused`: the workspace lets nobody look there, so that nothing can be read there. `unknown`: it could not be asked. */
export type Answer = "there" | "missing" | { readonly refused: string } | { readonly unknown: string };

/** Most names that one question to SCIM has in it. */
const namesAtOnce = 20;

/** Whether one side has each of these, by label. Each is asked for once in a run; what cannot be asked stops nothing. */
export async function presenceOf(
  needs: readonly Need[],
  end: SideName,
  run: Inventory,
): Promise<ReadonlyMap<string, Answer>> {
  const side = run[end];
  if (!side) return new Map(needs.map(({ label }) => [label, "there"]));
  const { client } = side;
  const files = new Files(end, run, client);
  const pathsIn = (place: FilePlace): string[] =>
    needs.flatMap((need) => (isFile(need) && need.place === place ? [need.path] : []));
  const [principals] = await Promise.all([
    principalsThere(needs, end, run, client),
    files.look("workspace", pathsIn("workspace")),
    files.look("dbfs", pathsIn("dbfs")),
  ]);
  const answers = await mapAll(needs, async (need): Promise<[string, Answer]> => {
    if (need.sort === "login") return [need.label, "there"];
    if (need.sort === "principal") return [need.label, principals.get(need.name) ?? "missing"];
    if (need.sort === "secret") return [need.label, await secretThere(need, end, run, client)];
    const { place, path } = need;
    return [need.label, files.known(place, path) ?? (await fileThere(place, path, end, run, client))];
  });
  return new Map(answers);
}

function isFile(need: Need): need is Extract<Need, { path: string }> {
  return need.sort === "file" || need.sort === "script";
}

/** From so many wanted paths below a folder on, the folder is listed. */
const worthListing = 3;

/** A folder with wanted paths below it. */
interface Folder {
  readonly folders: Map<string, Folder>;
  /** Its own path, if that is wanted. */
  wanted?: string;
}

/**
 * Looks for many paths from the top: a folder that is not there has nothing in it, and one of which much is wanted is listed
 * once.
 */
class Files {
  readonly #answers = new Map<string, Answer>();

  constructor(
    private readonly end: SideName,
    private readonly run: Inventory,
    private readonly client: WorkspaceClient,
  ) {}

  known(place: FilePlace, path: string): Answer | undefined {
    return this.#answers.get(`${place} ${path}`);
  }

  async look(place: FilePlace, paths: readonly string[]): Promise<void> {
    const root: Folder = { folders: new Map() };
    for (const path of paths) {
      let at = root;
      for (const name of path.split("/").filter((part) => part !== "")) {
        const next: Folder = at.folders.get(name) ?? { folders: new Map() };
        at.folders.set(name, next);
        at = next;
      }
      at.wanted = path;
    }
    await this.#visit(place, "", root);
  }

  async #visit(place: FilePlace, path: string, folder: Folder): Promise<void> {
    const below = [...folder.folders.values()].flatMap(wantedIn);
    if (below.length < worthListing) return this.#askEach(place, below);
    const [[name, only] = []] = folder.folders;
    if (folder.folders.size === 1 && only!.wanted === undefined) return this.#visit(place, `${path}/${name}`, only!);
    const listing = await folderListing(place, path || "/", this.end, this.run, this.client);
    await Promise.all(
      [...folder.folders].map(async ([name, inner]) => {
        const at = `${path}/${name}`;
        if (listing && !listing.has(at)) return this.#note(place, wantedIn(inner), "missing");
        if (inner.wanted !== undefined && listing) this.#note(place, [inner.wanted], "there");
        if (inner.wanted !== undefined && !listing) await this.#askEach(place, [inner.wanted]);
        await this.#visit(place, at, inner);
      }),
    );
  }

  async #askEach(place: FilePlace, paths: readonly string[]): Promise<void> {
    for (const path of paths) this.#note(place, [path], await fileThere(place, path, this.end, this.run, this.client));
  }

  #note(place: FilePlace, paths: readonly string[], answer: Answer): void {
    for (const path of paths) this.#answers.set(`${place} ${path}`, answer);
  }
}

function wantedIn({ wanted, folders }: Folder): string[] {
  return [...(wanted === undefined ? [] : [wanted]), ...[...folders.values()].flatMap(wantedIn)];
}

/** Services of a workspace that did not answer in this run: asking them for each of a thousand things would take hours. */
const silent = new WeakMap<WorkspaceClient, Map<string, string>>();

async function asked(client: WorkspaceClient, service: string, look: () => Promise<Answer>): Promise<Answer> {
  const known = silent.get(client)?.get(service);
  if (known !== undefined) return { unknown: known };
  try {
    return await look();
  } catch (error) {
    return isNotFound(error) ? "missing" : { unknown: noteSilence(client, service, error) };
  }
}

/** Gives in a word why there was no answer: an error's text may be another one at each run. */
function noteSilence(client: WorkspaceClient, service: string, error: unknown): string {
  const isApi = error instanceof ApiError;
  const why = isApi ? error.errorCode : "no answer";
  if (error instanceof ConnectionError || (isApi && (error.outcomeUnknown || error.rateLimited)))
    silent.set(client, (silent.get(client) ?? new Map<string, string>()).set(service, why));
  return why;
}

async function fileThere(
  place: FilePlace,
  path: string,
  end: SideName,
  run: Inventory,
  client: WorkspaceClient,
): Promise<Answer> {
  return run.once(`presence ${end} ${place} ${path}`, () =>
    asked(client, place, async () => {
      if (place === "volumes") await client.head(`/api/2.0/fs/files${encodePath(path)}`);
      else if (place === "workspace") await client.get("/api/2.0/workspace/get-status", { path });
      else {
        await unlessDbfsIsOff(client, () => client.get("/api/2.0/dbfs/get-status", { path }));
        const refused = dbfsRefusal(client);
        if (refused !== undefined) return { refused };
      }
      return "there";
    }),
  );
}

/** What a folder has in it; undefined where that cannot be listed, so that each has to be asked for by itself. */
function folderListing(
  place: FilePlace,
  folder: string,
  end: SideName,
  run: Inventory,
  client: WorkspaceClient,
): Promise<ReadonlySet<string> | undefined> {
  return run.once(`folder ${end} ${place} ${folder}`, async () => {
    if (silent.get(client)?.has(place)) return undefined;
    try {
      if (place === "workspace") {
        const { objects } = await client.get("/api/2.0/workspace/list", { path: folder });
        return new Set(objectsOf(objects).map(({ path }) => workspacePath(String(path))));
      }
      const listing = await unlessDbfsIsOff(client, () => client.get("/api/2.0/dbfs/list", { path: folder }));
      return listing && new Set(objectsOf(listing.files).map(({ path }) => String(path)));
    } catch (error) {
      if (isNotFound(error)) return new Set<string>();
      noteSilence(client, place, error);
      return undefined;
    }
  });
}

async function secretThere(
  { scope, key }: Extract<Need, { sort: "secret" }>,
  end: SideName,
  run: Inventory,
  client: WorkspaceClient,
): Promise<Answer> {
  return asked(client, "secrets", async () => ((await secretStamps(scope, end, run))?.has(key) ? "there" : "missing"));
}

/** Users by name, service principals by application id, groups by name: a cluster may be for any of them. */
async function principalsThere(
  needs: readonly Need[],
  end: SideName,
  run: Inventory,
  client: WorkspaceClient,
): Promise<ReadonlyMap<string, Answer>> {
  const names = [...new Set(needs.flatMap((need) => (need.sort === "principal" ? [need.name] : [])))].sort();
  const answers = new Map<string, Answer>();
  for (const { path, attribute, of } of directories) {
    const those = names.filter(of);
    for (let at = 0; at < those.length; at += namesAtOnce) {
      const batch = those.slice(at, at + namesAtOnce);
      const found = await run.once(`presence ${end} ${path} ${batch.join(" ")}`, async () => {
        const there = new Set<string>();
        const answer = await asked(client, "scim", async () => {
          const filter = batch.map((name) => `${attribute} eq ${JSON.stringify(name)}`).join(" or ");
          const query = { filter, count: namesAtOnce, startIndex: 1, attributes: attribute };
          const { Resources } = await client.get(`/api/2.0/preview/scim/v2/${path}`, query);
          for (const each of objectsOf(Resources)) there.add(String(each[attribute]).toLowerCase());
          return "there";
        });
        return { there, answer };
      });
      for (const name of batch)
        answers.set(name, typeof found.answer === "object" ? found.answer : has(found.there, name));
    }
  }
  return answers;
}

function has(names: ReadonlySet<string>, name: string): Answer {
  return names.has(name.toLowerCase()) ? "there" : "missing";
}

const applicationId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const directories = [
  { path: "Users", attribute: "userName", of: (name: string) => name.includes("@") },
  { path: "ServicePrincipals", attribute: "applicationId", of: (name: string) => applicationId.test(name) },
  {
    path: "Groups",
    attribute: "displayName",
    of: (name: string) => !name.includes("@") && !applicationId.test(name),
  },
] as const;
