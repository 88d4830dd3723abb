import { dirname } from "node:path/posix";
import { ApiError, ConnectionError, isNotFound } from "../client/errors.js";
import { objectsOf } from "../client/json.js";
import type { WorkspaceClient } from "../client/workspace-client.js";
import { mapAll } from "../for-all.js";
import { encodePath } from "../kinds/files.js";
import { dbfsRefusal, unlessDbfsIsOff } from "../kinds/scripts/dbfs-refusal.js";
import { workspacePath } from "../notes-folder.js";
import type { Run, SideName } from "../run.js";
import { secretStamps } from "../secret-stamps.js";
import type { FilePlace, Need } from "./needs.js";

/** `refused`: the workspace lets nobody look there, so that nothing can be read there. `unknown`: it could not be asked. */
export type Answer = "there" | "missing" | { readonly refused: string } | { readonly unknown: string };

/** From so many paths of one folder on, the folder is listed. */
const worthListing = 3;

/** Most names that one question to SCIM has in it. */
const namesAtOnce = 20;

/** Whether one side has each of these, by label. Each is asked for once in a run; what cannot be asked stops nothing. */
export async function presenceOf(
  needs: readonly Need[],
  end: SideName,
  run: Run,
): Promise<ReadonlyMap<string, Answer>> {
  const side = run[end];
  if (!side) return new Map(needs.map(({ label }) => [label, "there"]));
  const { client } = side;
  const folders = new Map<string, number>();
  for (const need of needs) {
    const folder = folderOf(need);
    if (folder !== undefined) folders.set(folder, (folders.get(folder) ?? 0) + 1);
  }
  const principals = await principalsThere(needs, end, run, client);
  const answers = await mapAll(needs, async (need): Promise<[string, Answer]> => {
    if (need.sort === "login") return [need.label, "there"];
    if (need.sort === "principal") return [need.label, principals.get(need.name) ?? "missing"];
    if (need.sort === "secret") return [need.label, await secretThere(need, end, run, client)];
    const crowded = (folders.get(folderOf(need) ?? "") ?? 0) >= worthListing;
    return [need.label, await fileThere(need, end, run, client, crowded)];
  });
  return new Map(answers);
}

function folderOf(need: Need): string | undefined {
  const isListable = (need.sort === "file" || need.sort === "script") && need.place !== "volumes";
  return isListable ? `${need.place} ${dirname(need.path)}` : undefined;
}

/** Services of a workspace that did not answer in this run: asking them for each of a thousand things would take hours. */
const silent = new WeakMap<WorkspaceClient, Map<string, string>>();

async function asked(client: WorkspaceClient, service: string, look: () => Promise<Answer>): Promise<Answer> {
  const known = silent.get(client)?.get(service);
  if (known !== undefined) return { unknown: known };
  try {
    return await look();
  } catch (error) {
    if (isNotFound(error)) return "missing";
    const isApi = error instanceof ApiError;
    const why = isApi ? error.errorCode : "no answer";
    if (error instanceof ConnectionError || (isApi && (error.outcomeUnknown || error.rateLimited)))
      silent.set(client, (silent.get(client) ?? new Map<string, string>()).set(service, why));
    return { unknown: why };
  }
}

async function fileThere(
  { place, path }: Extract<Need, { path: string }>,
  end: SideName,
  run: Run,
  client: WorkspaceClient,
  crowded: boolean,
): Promise<Answer> {
  const listed = crowded ? await folderListing(place, dirname(path), end, run, client) : undefined;
  if (listed) return listed.has(path) ? "there" : "missing";
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
  run: Run,
  client: WorkspaceClient,
): Promise<ReadonlySet<string> | undefined> {
  return run.once(`folder ${end} ${place} ${folder}`, async () => {
    try {
      if (place === "workspace") {
        const { objects } = await client.get("/api/2.0/workspace/list", { path: folder });
        return new Set(objectsOf(objects).map(({ path }) => workspacePath(String(path))));
      }
      const listing = await unlessDbfsIsOff(client, () => client.get("/api/2.0/dbfs/list", { path: folder }));
      return listing && new Set(objectsOf(listing.files).map(({ path }) => String(path)));
    } catch (error) {
      return isNotFound(error) ? new Set<string>() : undefined;
    }
  });
}

async function secretThere(
  { scope, key }: Extract<Need, { sort: "secret" }>,
  end: SideName,
  run: Run,
  client: WorkspaceClient,
): Promise<Answer> {
  return asked(client, "secrets", async () => ((await secretStamps(scope, end, run))?.has(key) ? "there" : "missing"));
}

/** Users by name, service principals by application id, groups by name: a cluster may be for any of them. */
async function principalsThere(
  needs: readonly Need[],
  end: SideName,
  run: Run,
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
