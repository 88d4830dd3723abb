import type { ReplicaState } from "../../replication/index.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type JsonObject, parseJson, stringifyJson } from "../../replication/values/json.js";
import { markerTag } from "../../replication/inventory/marker.js";
import { formerNotesFolder, notesFolder } from "../../replication/notes/notes-folder.js";
import { type Pair, startPair } from "../replication/pair.js";
import {
  type Caller,
  changeRecords,
  giveAccess,
  indexOf,
  notesFiles,
  notesFolderId,
  othersWithAccess,
  putFile,
  putFiles,
  removeFolder,
  userOf,
} from "./notes-files.js";
import { createCluster, createJob, nightly, notebook } from "./objects.js";
import { jobNamed, jobsOf, settingsOf } from "./standby-reading.js";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.close());

const evilTasks = [{ task_key: "evil", notebook_task: { notebook_path: "/Shared/evil" } }];
const triggersAt = async (name: string) => settingsOf(await jobNamed(pair.secondary, name)).schedule;

/** One job with a schedule has its copy on the standby. */
async function copyNightly(): Promise<void> {
  await createJob(pair.primary, { name: "nightly", ...nightly });
  await pair.up("jobs");
}

/** The copy is what it was, and no more than its trigger came back. */
async function expectReleasedAsItWas(): Promise<void> {
  const job = settingsOf(await jobNamed(pair.secondary, "nightly"));
  expect(job.schedule).toEqual(nightly.schedule);
  expect(stringifyJson(job.tasks)).toContain("/Shared/load");
  expect(stringifyJson(job)).not.toMatch(/evil|mallory/);
}

/** What somebody who can write the notes would put there to become an administrator. */
const stolen = (record: JsonObject): JsonObject => ({
  ...record,
  held: { ...nightly, tasks: evilTasks, run_as: { user_name: "mallory@example.com" } },
});

describe("an ordinary user of the standby", () => {
  let user: Caller;

  beforeEach(async () => {
    user = await userOf(pair.secondary, "mallory@example.com");
    await copyNightly();
  });

  it("can neither read, write, replace, move nor delete the notes, nor give themselves access", async () => {
    const before = await notesFiles(pair.secondary);
    const content = Buffer.from("{}").toString("base64");
    const id = await notesFolderId(pair.secondary);
    for (const path of [...before.keys(), `${notesFolder}/new.json`]) {
      const spelt = [path, `/Workspace${path}`, `/Shared/..${path}`, `/${path}`];
      for (const each of spelt) {
        const written = await user("POST", "/api/2.0/workspace/import", {
          path: each,
          content,
          format: "AUTO",
          overwrite: true,
        });
        expect(written.status, `import ${each}`).toBeGreaterThanOrEqual(400);
        const sent = await user("POST", `/api/2.0/workspace-files/import-file${each}?overwrite=true`, {});
        expect(sent.status, `import-file ${each}`).toBeGreaterThanOrEqual(400);
        const removed = await user("POST", "/api/2.0/workspace/delete", { path: each });
        expect(removed.status, `delete ${each}`).toBeGreaterThanOrEqual(400);
        const read = await user("GET", `/api/2.0/workspace/export?path=${encodeURIComponent(each)}&format=AUTO`);
        expect(read.status, `export ${each}`).toBeGreaterThanOrEqual(400);
      }
    }
    for (const path of [notesFolder, `/Workspace${notesFolder}`]) {
      const gone = await user("POST", "/api/2.0/workspace/delete", { path, recursive: true });
      expect(gone.status).toBeGreaterThanOrEqual(400);
    }
    const access_control_list = [{ user_name: "mallory@example.com", permission_level: "CAN_MANAGE" }];
    for (const method of ["PUT", "PATCH"])
      expect(
        (await user(method, `/api/2.0/permissions/directories/${id}`, { access_control_list })).status,
      ).toBeGreaterThanOrEqual(400);
    expect(await notesFiles(pair.secondary)).toEqual(before);
    expect(await othersWithAccess(pair.secondary)).toEqual([]);
  });

  it("to whom somebody gave access loses it at the next up, although nothing else is new", async () => {
    await giveAccess(pair.secondary, await notesFolderId(pair.secondary), {
      user_name: "mallory@example.com",
      permission_level: "CAN_EDIT",
    });
    expect(await othersWithAccess(pair.secondary)).toContain("mallory@example.com");
    const { warnings } = await pair.up("jobs");
    expect(warnings.join("\n")).toMatch(/mallory@example.com \(CAN_EDIT\) could use .* it is taken away/);
    expect(await othersWithAccess(pair.secondary)).toEqual([]);
    expect((await pair.up("jobs")).changed).toBe(false);
  });

  it("who has access from the folder above is told of at each run", async () => {
    await giveAccess(pair.secondary, "0", { group_name: "users", permission_level: "CAN_MANAGE" });
    for (const _ of ["once", "again"]) {
      const { warnings } = await pair.up("jobs");
      expect(warnings.join("\n")).toMatch(/group users \(CAN_MANAGE\) may use .* by the folder above/);
    }
  });

  it("who altered them while they could gains nothing by it", async () => {
    await giveAccess(pair.secondary, await notesFolderId(pair.secondary), {
      user_name: "mallory@example.com",
      permission_level: "CAN_MANAGE",
    });
    const [index, part] = [...(await notesFiles(pair.secondary)).keys()].sort((a, b) => b.length - a.length).reverse();
    expect(index).toBe(indexOf("jobs"));
    const evil = Buffer.from(stringifyJson({ records: { x: { name: "x", id: "1" } } })).toString("base64");
    expect(
      (await user("POST", "/api/2.0/workspace/import", { path: part!, content: evil, format: "AUTO", overwrite: true }))
        .status,
    ).toBe(200);
    const { ledger } = await pair.activate("jobs");
    expect(ledger.counts).toEqual({ updated: 1 });
    await expectReleasedAsItWas();
  });
});

/** The part of the jobs' notes that their index names. */
function partOf(files: ReadonlyMap<string, string>): string {
  const { parts } = parseJson(files.get(indexOf("jobs"))!) as unknown as { parts: { file: string }[] };
  return `${notesFolder}/${parts[0]!.file}`;
}

/** Ways in which notes come to say something else, by whoever may write them. */
const alterations: [string, () => Promise<void>][] = [
  ["held triggers with tasks and run_as beside them", () => changeRecords(pair.secondary, "jobs", stolen)],
  [
    "the id of another job",
    async () => {
      const id = await createJob(pair.secondary, { name: "their own" });
      await changeRecords(pair.secondary, "jobs", (record) => ({ ...record, id: String(id) }));
    },
  ],
  [
    "a part cut off in the middle",
    async () => {
      const files = await notesFiles(pair.secondary);
      const text = files.get(partOf(files))!;
      await putFile(pair.secondary, partOf(files), text.slice(0, text.length / 2));
    },
  ],
  [
    "a part missing",
    async () => {
      const path = partOf(await notesFiles(pair.secondary));
      await pair.secondary.post("/api/2.0/workspace/delete", { path });
    },
  ],
  [
    "an index that names other parts",
    async () => {
      const index = parseJson((await notesFiles(pair.secondary)).get(indexOf("jobs"))!) as JsonObject;
      await putFile(pair.secondary, indexOf("jobs"), stringifyJson({ ...index, parts: [] }));
    },
  ],
  [
    "an index whose serial was raised",
    async () => {
      const index = parseJson((await notesFiles(pair.secondary)).get(indexOf("jobs"))!) as JsonObject;
      await putFile(pair.secondary, indexOf("jobs"), stringifyJson({ ...index, serial: 99 }));
    },
  ],
  [
    "a signature of no key",
    async () => {
      const index = parseJson((await notesFiles(pair.secondary)).get(indexOf("jobs"))!) as JsonObject;
      await putFile(pair.secondary, indexOf("jobs"), stringifyJson({ ...index, signature: 7 }));
    },
  ],
  ["something that is no JSON", () => putFile(pair.secondary, indexOf("jobs"), "{oops")],
  ["nothing", () => putFile(pair.secondary, indexOf("jobs"), "")],
  ["a list", () => putFile(pair.secondary, indexOf("jobs"), "[]")],
  [
    "the notes of another kind",
    async () => {
      const files = await notesFiles(pair.secondary);
      await putFile(pair.secondary, indexOf("jobs"), files.get(indexOf("clusters"))!);
    },
  ],
  [
    "the notes of the other workspace",
    async () => {
      const files = await notesFiles(pair.primary);
      await putFiles(pair.secondary, new Map([...files].filter(([path]) => path.includes("/jobs."))));
    },
  ],
];

describe.each(alterations)("notes that were altered by an administrator's token: %s", (_what, alter) => {
  beforeEach(async () => {
    await createCluster(pair.primary, { cluster_name: "etl" });
    await pair.up("clusters");
    await copyNightly();
    // The other side has notes of its own, from the time when it was the standby.
    await pair.deploy(pair.primary, "standby", "jobs");
    await createJob(pair.secondary, { name: "of the standby" });
    await pair.deploy(pair.primary, "standby", "jobs");
    await pair.deploy(pair.secondary, "standby", "jobs");
    await alter();
  });

  it("are not acted on: a release goes by the state, and says so", async () => {
    const { lines, warnings } = await pair.deploy(pair.secondary, "active", "jobs");
    expect(warnings.join("\n")).toMatch(/not believed|not used/);
    expect(lines.get("nightly")).toMatchObject({ outcome: "updated", why: "schedule put back" });
    await expectReleasedAsItWas();
  });

  it("are refused where the state is lost: by the standby, and by a release", async () => {
    pair.loseState();
    await expect(pair.up("jobs")).rejects.toThrow(/are not believed: .*Restore the stack's state; or look at what/s);
    pair.loseState();
    const { ledger } = await pair.activate("jobs");
    expect(ledger.counts.failed).toBeGreaterThan(0);
    expect(ledger.lines.map(({ why }) => why).join("\n")).toMatch(/are not believed/);
    expect(await triggersAt("nightly")).toBeUndefined();
    const names = (await jobsOf(pair.secondary)).map((job) => settingsOf(job));
    expect(stringifyJson(names)).not.toMatch(/evil|mallory/);
  });
});

describe("notes whose state is lost", () => {
  beforeEach(async () => {
    await copyNightly();
    await changeRecords(pair.secondary, "jobs", stolen);
    pair.loseState();
  });

  it("are taken where a person says so, and even then nothing but a trigger goes back", async () => {
    const { lines } = await pair.deploy(pair.secondary, "active", "jobs", { notes: "trust" });
    expect(lines.get("nightly")).toMatchObject({ outcome: "updated" });
    await expectReleasedAsItWas();
  });

  it("are begun anew where a person says so: the copies are found by their markers, and held anew", async () => {
    await pair.up("jobs", { notes: "restart" });
    expect(await jobsOf(pair.secondary)).toHaveLength(1);
    expect((await pair.up("jobs")).changed).toBe(true);
    await pair.activate("jobs");
    await expectReleasedAsItWas();
  });

  it("do not make a job of others ours, whatever is decided", async () => {
    const id = await createJob(pair.secondary, { name: "their own" });
    await changeRecords(pair.secondary, "jobs", (record) => ({ ...stolen(record), id: String(id) }));
    await pair.deploy(pair.secondary, "active", "jobs", { notes: "trust" });
    const job = settingsOf(await jobNamed(pair.secondary, "their own"));
    expect(job).not.toHaveProperty("schedule");
    expect(stringifyJson(job)).not.toContain("evil");
  });
});

describe("genuine notes that were put back", () => {
  it("are older than the state, and not used", async () => {
    await copyNightly();
    const old = await notesFiles(pair.secondary);
    await pair.primary.post("/api/2.2/jobs/update", {
      job_id: (await jobNamed(pair.primary, "nightly")).job_id!,
      fields_to_remove: ["schedule"],
    });
    await pair.up("jobs");
    await putFiles(pair.secondary, old);
    const { warnings } = await pair.deploy(pair.secondary, "active", "jobs");
    expect(warnings.join("\n")).toContain("older than what this stack wrote last");
    expect(await triggersAt("nightly")).toBeUndefined();
  });
});

describe("notes of the version before, where every user may write", () => {
  beforeEach(async () => {
    await copyNightly();
    const files = await notesFiles(pair.secondary);
    const records = (parseJson(files.get(partOf(files))!) as JsonObject).records!;
    await removeFolder(pair.secondary);
    await pair.secondary.post("/api/2.0/workspace/mkdirs", { path: formerNotesFolder });
    await putFile(pair.secondary, `${formerNotesFolder}/jobs.json`, stringifyJson({ kind: "jobs", records }));
    const states = pair.stateOf(pair.secondary);
    const {
      notesSerial: _,
      signingKey: __,
      held: ___,
      imprint: ____,
      heldCount: _____,
      ...state
    } = states.get("jobs")!;
    states.set("jobs", { ...state, copies: records } as unknown as ReplicaState);
  });

  const alterFormer = async (): Promise<void> => {
    const path = `${formerNotesFolder}/jobs.json`;
    const { records } = parseJson((await notesFiles(pair.secondary, formerNotesFolder)).get(path)!) as {
      records: JsonObject;
    };
    const changed = Object.entries(records).map(([origin, record]) => [origin, stolen(record as JsonObject)]);
    await putFile(pair.secondary, path, stringifyJson({ kind: "jobs", records: Object.fromEntries(changed) }));
  };

  it("are moved over once, and what the state knows wins", async () => {
    await alterFormer();
    await pair.up("jobs");
    expect([...(await notesFiles(pair.secondary, formerNotesFolder)).keys()]).toEqual([]);
    expect([...(await notesFiles(pair.secondary)).keys()]).toContain(indexOf("jobs"));
    expect((await pair.up("jobs")).changed).toBe(false);
    await pair.activate("jobs");
    await expectReleasedAsItWas();
  });

  it("are nothing without the state, so that nobody hinders a run by them", async () => {
    await alterFormer();
    pair.loseState();
    await pair.up("jobs");
    expect((await pair.up("jobs")).changed).toBe(false);
    await pair.activate("jobs");
    await expectReleasedAsItWas();
  });

  it("are nothing to a promotion either, which fails, and taken where a person says so", async () => {
    pair.loseState();
    const { ledger } = await pair.activate("jobs");
    expect(ledger.lines.find(({ outcome }) => outcome === "failed")?.why).toContain("bear our marker");
    pair.loseState();
    await pair.up("jobs", { notes: "trust" });
    expect([...(await notesFiles(pair.secondary, formerNotesFolder)).keys()]).toEqual([]);
    expect(await jobsOf(pair.secondary)).toHaveLength(1);
    await pair.activate("jobs");
    await expectReleasedAsItWas();
  });
});

describe("a user of the source", () => {
  it("gets nothing of the standby changed by our marker on an object of theirs", async () => {
    const own = await createJob(pair.secondary, { name: "their own", ...nightly });
    const cluster = await createCluster(pair.secondary, { cluster_name: "their own" });
    const victim = await createJob(pair.primary, { name: "victim" });
    await pair.up("jobs");
    const copy = (await jobNamed(pair.secondary, "victim")).job_id as bigint;
    const tags = (origin: string): JsonObject => ({ [markerTag]: origin });
    const id = "2000000000000002";
    await createJob(pair.primary, { name: "as theirs", tags: tags(`${id}.jobs.${own}`) });
    await createJob(pair.primary, { name: "as victim", tags: tags(`1000000000000001.jobs.${victim}`) });
    await createJob(pair.primary, { name: "as the copy", tags: tags(`${id}.jobs.${copy}`) });
    await createCluster(pair.primary, { cluster_name: "as theirs", custom_tags: tags(`${id}.clusters.${cluster}`) });
    for (const kind of ["clusters", "jobs"] as const) await pair.up(kind, { deletions: "propagate" });
    const names = (await jobsOf(pair.secondary)).map((job) => settingsOf(job).name).sort();
    expect(names).toEqual(["as the copy", "as theirs", "as victim", "their own", "victim"]);
    expect(await triggersAt("their own")).toEqual(nightly.schedule);
    expect((await jobNamed(pair.secondary, "victim")).job_id).toBe(copy);
    const still = await pair.secondary.get(`/api/2.1/clusters/get?cluster_id=${cluster}`);
    expect(still).toMatchObject({ cluster_name: "their own" });
    expect(String(still.state)).not.toMatch(/^TERMINAT/);
    for (const kind of ["clusters", "jobs"] as const) {
      expect((await pair.up(kind, { deletions: "propagate" })).changed).toBe(false);
    }
  });

  it("gets none of our notes overwritten by a script that is called like them", async () => {
    await copyNightly();
    const before = await notesFiles(pair.secondary);
    const path = [...before.keys()].find((each) => each !== indexOf("jobs"))!;
    await pair.primary.post("/api/2.0/workspace/mkdirs", { path: notesFolder });
    for (const each of before.keys()) await putFile(pair.primary, each, "echo mine now");
    const spelt = [
      path,
      `/Workspace${path}`,
      `//Workspace//${path}`,
      `/Shared/..${path}`,
      path.replace("/.d", "/./.d"),
      `/Workspace/Users/../${path}/`,
    ];
    for (const [index, destination] of spelt.entries())
      await createCluster(pair.primary, {
        cluster_name: `evil ${index}`,
        init_scripts: [{ workspace: { destination } }],
      }).catch(() => undefined);
    for (const kind of ["init-scripts", "clusters"] as const)
      await pair.deploy(pair.secondary, "standby", kind, { deletions: "propagate" });
    for (const [file, text] of before) expect((await notesFiles(pair.secondary)).get(file), file).toBe(text);
  });

  it("has no name obeyed by a terminal", async () => {
    await createJob(pair.primary, { name: "evil\u001b[2J\u009b1m\u202egnp\nFAKE: done", ...nightly });
    const { picture, warnings, lines } = await pair.up("jobs");
    const { picture: released } = await pair.deploy(pair.secondary, "active", "jobs");
    const keys = [picture, released]
      .flatMap(({ changes, needsPerson }) => [changes, needsPerson])
      .map((each) => stringifyJson(each));
    expect(lines.size).toBe(1);
    expect([...warnings, ...keys].join("")).not.toMatch(/[\u001b\u009b\u202e]/);
  });

  it("has no job run as somebody else than on the source: not where that one is not there, nor where nobody says", async () => {
    const bob = await userOf(pair.primary, "bob@example.com");
    const made = await bob("POST", "/api/2.2/jobs/create", {
      name: "bob's",
      tasks: [{ task_key: "load", ...notebook }],
    });
    expect(made.status).toBe(200);
    const { lines } = await pair.up("jobs");
    expect(lines.get("bob's")).toMatchObject({ outcome: "needs-a-person" });
    await userOf(pair.secondary, "bob@example.com");
    const { copyId } = (await pair.up("jobs")).lines.get("bob's")!;
    expect(await pair.secondary.get(`/api/2.2/jobs/get?job_id=${copyId}`)).toMatchObject({
      run_as_user_name: "bob@example.com",
    });
  });

  it("whose job runs as nobody known has no copy that runs as an administrator", async () => {
    const id = await createJob(pair.primary, { name: "of one who left" });
    const job = await pair.primary.get(`/api/2.2/jobs/get?job_id=${id}`);
    const { run_as_user_name: _, ...nobody } = job;
    const { run_as: __, ...settings } = settingsOf(job);
    pair.primary.server.traffic.faults.add({
      phase: "before",
      path: "/api/2.2/jobs/get",
      status: 200,
      body: stringifyJson({ ...nobody, settings }),
    });
    const { lines } = await pair.up("jobs");
    expect(lines.get("of one who left")).toMatchObject({
      outcome: "needs-a-person",
      why: expect.stringContaining("whom it runs as") as string,
    });
    expect(await jobsOf(pair.secondary)).toEqual([]);
  });
});

describe("a user of the standby", () => {
  it("who plants an object with our marker before the copy is made is told of, and gets nothing", async () => {
    const id = await createJob(pair.primary, { name: "nightly", ...nightly });
    const user = await userOf(pair.secondary, "mallory@example.com");
    const planted = await user("POST", "/api/2.2/jobs/create", {
      name: "planted",
      tasks: [{ task_key: "evil", notebook_task: { notebook_path: "/Shared/evil" } }],
      tags: { [markerTag]: `1000000000000001.jobs.${id}` },
    });
    expect(planted.status).toBe(200);
    const { lines } = await pair.up("jobs");
    expect(lines.get("nightly")).toMatchObject({
      outcome: "needs-a-person",
      why: expect.stringContaining('"planted"') as string,
    });
    const { ledger } = await pair.activate("jobs");
    expect(await triggersAt("planted")).toBeUndefined();
    expect(ledger.lines.some(({ why }) => why?.includes("put back"))).toBe(false);
  });

  it("who moves the marker from a copy to a clone gets neither the trigger nor the copy's place", async () => {
    await copyNightly();
    const user = await userOf(pair.secondary, "mallory@example.com");
    const copy = await jobNamed(pair.secondary, "nightly");
    const { tags } = settingsOf(copy);
    const cloned = await user("POST", "/api/2.2/jobs/create", { name: "clone", tasks: evilTasks, tags: tags! });
    expect(cloned.status).toBe(200);
    await pair.secondary.post("/api/2.2/jobs/update", { job_id: copy.job_id!, fields_to_remove: ["tags"] });
    const { ledger } = await pair.activate("jobs");
    expect(ledger.counts.failed).toBe(1);
    expect(ledger.lines.find(({ name }) => name === "nightly")?.why).toContain("lost our marker");
    for (const name of ["clone", "nightly"]) expect(await triggersAt(name)).toBeUndefined();
    const { picture, lines } = await pair.up("jobs");
    expect(Object.values(picture.conflicts)).toEqual([expect.stringContaining(markerTag)]);
    expect(lines.get("clone")?.outcome).toBe("not-ours");
    await pair.activate("jobs");
    await expectReleasedAsItWas();
    expect(await triggersAt("clone")).toBeUndefined();
  });

  it("whose clone bears the marker is not taken for the copy where state and notes are lost", async () => {
    await copyNightly();
    const user = await userOf(pair.secondary, "mallory@example.com");
    const copy = await jobNamed(pair.secondary, "nightly");
    await user("POST", "/api/2.2/jobs/create", { name: "clone", tasks: evilTasks, tags: settingsOf(copy).tags! });
    await pair.secondary.post("/api/2.2/jobs/delete", { job_id: copy.job_id! });
    await removeFolder(pair.secondary);
    pair.loseState();
    const { lines } = await pair.up("jobs");
    expect(lines.get("nightly")?.outcome).toBe("needs-a-person");
    expect(settingsOf(await jobNamed(pair.secondary, "clone")).tasks).toMatchObject(evilTasks);
  });
});
