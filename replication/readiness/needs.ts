import { isArray, isObject, type Json, type JsonObject } from "../values/json.js";
import { type Destination, destinationsIn, parseDestination } from "../kinds/scripts/script-destination.js";
import { workspacePath } from "../notes/notes-folder.js";
import { opaqueFields } from "../kinds/references.js";

export type FilePlace = "dbfs" | "workspace" | "volumes";

/** What must be there for a copy to start. `label` says it in a few words, and tells needs apart. */
export type Need = { readonly label: string } & (
  | { readonly sort: "file"; readonly place: FilePlace; readonly path: string }
  | { readonly sort: "script"; readonly destination: Destination; readonly place: FilePlace; readonly path: string }
  | { readonly sort: "secret"; readonly scope: string; readonly key: string }
  | { readonly sort: "principal"; readonly name: string }
  | { readonly sort: "login" }
);

/** Fields whose value is the path of a file, and what it is called. */
const fileFields: Readonly<Record<string, string>> = {
  jar: "library",
  whl: "library",
  egg: "library",
  requirements: "library",
  jar_uri: "library",
  python_file: "Python file",
  base_environment: "environment",
};

/** Fields that list libraries of an environment, some of which are paths. */
const dependencyFields: ReadonlySet<string> = new Set(["dependencies", "java_dependencies"]);

/** Everything that a definition needs in order to start, in a stable order. Paths of a Git source come with it. */
export function needsOf(definition: JsonObject): Need[] {
  const found = new Map<string, Need>();
  const add = (need: Need | undefined): void => {
    if (need) found.set(need.label, need);
  };
  for (const destination of destinationsIn(definition)) add(scriptNeed(destination));
  const visit = (value: Json, field: string, holder: string, isGit: boolean): void => {
    if (typeof value === "string") {
      for (const need of secretsIn(value)) add(need);
      return;
    }
    if (isArray(value)) {
      for (const each of value) {
        if (dependencyFields.has(field) && typeof each === "string")
          add(fileNeed("library", each.replace(/^-r\s+/, "")));
        visit(each, field, holder, isGit);
      }
      return;
    }
    if (!isObject(value)) return;
    if (opaqueFields.has(field)) return visitOpaque(value, add);
    const git = isGit || isObject(value.git_source);
    for (const need of needsOfObject(value, field, git)) add(need);
    for (const [inner, each] of Object.entries(value)) if (each !== undefined) visit(each, inner, field, git);
  };
  visit(definition, "", "", false);
  return [...found.values()].sort((a, b) => (a.label < b.label ? -1 : 1));
}

function visitOpaque(value: Json, add: (need: Need) => void): void {
  if (typeof value === "string") secretsIn(value).forEach(add);
  else if (isArray(value)) value.forEach((each) => visitOpaque(each, add));
  else if (isObject(value)) for (const each of Object.values(value)) if (each !== undefined) visitOpaque(each, add);
}

/** What an object's own fields name. Where it does not say, a path is Git's if the job has a Git source. */
function needsOfObject(value: JsonObject, field: string, hasGit: boolean): (Need | undefined)[] {
  const isOfGit = value.source === "GIT" || (value.source === undefined && hasGit);
  const text = (name: string): string | undefined => (typeof value[name] === "string" ? value[name] : undefined);
  const [notebook, project, path] = [text("notebook_path"), text("project_directory"), text("path")];
  const user = text("single_user_name") ?? (/^subscri(ptions|bers)$/.test(field) ? text("user_name") : undefined);
  return [
    ...Object.entries(fileFields).map(([name, what]) => {
      const file = text(name);
      return file === undefined || (name === "python_file" && isOfGit) ? undefined : fileNeed(what, file);
    }),
    notebook !== undefined && !isOfGit ? fileNeed("notebook", notebook) : undefined,
    project !== undefined && field === "dbt_task" && !isOfGit ? fileNeed("dbt project", project) : undefined,
    path !== undefined && field === "file" && !isOfGit ? fileNeed("SQL file", path) : undefined,
    user === undefined ? undefined : { sort: "principal", name: user, label: `user ${user}` },
    field === "docker_image" ? loginNeed(value) : undefined,
  ];
}

function secretsIn(text: string): Need[] {
  return [...text.matchAll(/\{\{\s*secrets\/([^/{}\s]+)\/([^{}]+?)\s*\}\}/g)].map(([, scope = "", key = ""]) => ({
    sort: "secret",
    scope,
    key,
    label: `secret ${scope}/${key}`,
  }));
}

/** A registry's password is never given out, unless it is a reference to a secret. */
function loginNeed({ url, basic_auth: login }: JsonObject): Need | undefined {
  if (!isObject(login) || (typeof login.password === "string" && login.password.includes("{{secrets/")))
    return undefined;
  return { sort: "login", label: `login to the registry of image ${String(url)}` };
}

function scriptNeed(destination: Destination): Need | undefined {
  const { store, path } = parseDestination(destination);
  if (!store || (store === "dbfs" && isOnMount(path))) return undefined;
  return { sort: "script", destination, place: store, path, label: `init script ${destination}` };
}

/** A file that only the workspace can have; undefined for one elsewhere, and for a name that is no path. */
function fileNeed(what: string, at: string): Need | undefined {
  if (at.includes("{{")) return undefined;
  const label = `${what} ${at}`;
  const volume = /^(dbfs:)?(\/+Volumes\/.*)$/s.exec(at)?.[2];
  if (volume !== undefined) return { sort: "file", place: "volumes", path: volume.replace(/^\/+/, "/"), label };
  if (at.startsWith("dbfs:/") || at.startsWith("/dbfs/")) {
    const path = at.replace(/^dbfs:/, "").replace(/^\/dbfs(?=\/)/, "");
    return isOnMount(path) ? undefined : { sort: "file", place: "dbfs", path, label };
  }
  return at.startsWith("/") ? { sort: "file", place: "workspace", path: workspacePath(at), label } : undefined;
}

/** That comes with the mounted storage, and a mount has a line of its own. */
function isOnMount(path: string): boolean {
  return /^\/+mnt\//.test(path);
}
