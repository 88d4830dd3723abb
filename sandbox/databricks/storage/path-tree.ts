/** A file or folder; a folder knows its children by name, so that a listing costs what it returns. */
export interface PathNode<Info> {
  readonly children?: Set<string>;
  info: Info;
}

/** A path leads through something that is no folder. */
export class NotAFolderError extends Error {
  constructor(readonly path: string) {
    super(`${path} is not a directory`);
  }
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function join(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}

/** Whether `path` is `folder` or stands below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

/** Absolute paths over a workspace table. Paths are normal: one leading slash, none doubled, none trailing. */
export class PathTree<Info> {
  constructor(
    private readonly table: Map<string, PathNode<Info>>,
    private readonly newFolder: (path: string) => Info,
  ) {}

  get(path: string): PathNode<Info> | undefined {
    if (path === "/" && !this.table.has("/")) this.table.set("/", { children: new Set(), info: this.newFolder("/") });
    return this.table.get(path);
  }

  isFolder(path: string): boolean {
    return this.get(path)?.children !== undefined;
  }

  /** The children of a folder by name, sorted as the APIs sort them. */
  list(folder: string): [path: string, node: PathNode<Info>][] {
    const names = [...(this.get(folder)?.children ?? [])].sort();
    return names.flatMap((name) => {
      const path = join(folder, name);
      const node = this.table.get(path);
      return node ? [[path, node] as [string, PathNode<Info>]] : [];
    });
  }

  /** Makes the folder and those above it. */
  makeFolders(path: string): void {
    const node = this.get(path);
    if (node?.children) return;
    if (node) throw new NotAFolderError(path);
    this.makeFolders(parentOf(path));
    this.#attach(path, { children: new Set(), info: this.newFolder(path) });
  }

  /** Writes a file, in place of one that stood there; the folders above it are made. */
  put(path: string, info: Info): void {
    const node = this.get(path);
    if (node?.children) throw new NotAFolderError(path);
    if (!node) this.makeFolders(parentOf(path));
    this.#attach(path, { info });
  }

  /** Removes up to `limit` files, deepest first, with the folders that this empties; returns how many files went. */
  remove(path: string, limit = Infinity): number {
    let removed = 0;
    const visit = (current: string): boolean => {
      const children = this.get(current)?.children;
      if (!children && removed >= limit) return false;
      for (const name of [...(children ?? [])]) if (!visit(join(current, name))) return false;
      if (!children) removed += 1;
      this.#detach(current);
      return true;
    };
    if (this.get(path)) visit(path);
    return removed;
  }

  /** Moves a file or a folder with all it holds; the target must not exist. */
  move(from: string, to: string): void {
    const node = this.get(from);
    if (!node) return;
    this.makeFolders(parentOf(to));
    const names = [...(node.children ?? [])];
    this.#detach(from);
    this.#attach(to, node.children ? { children: new Set(), info: node.info } : node);
    for (const name of names) this.move(join(from, name), join(to, name));
  }

  /** Every file and folder at and below `path`, parents before children. */
  *walk(path: string): Generator<[path: string, node: PathNode<Info>]> {
    const node = this.get(path);
    if (!node) return;
    yield [path, node];
    for (const [child] of this.list(path)) yield* this.walk(child);
  }

  #attach(path: string, node: PathNode<Info>): void {
    this.table.set(path, node);
    if (path !== "/") this.get(parentOf(path))?.children?.add(nameOf(path));
  }

  #detach(path: string): void {
    if (path === "/") return;
    this.table.delete(path);
    this.get(parentOf(path))?.children?.delete(nameOf(path));
  }
}
