import * as path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { SourcePosition, StackTrace } from "@pulumi/pulumi/proto/source_pb.js";
import type { StackFrame } from "../resource/state.js";

/** A place in a program, relative to the project: `project:///index.ts#12,3`. Empty for what is no file. */
export function projectPosition(position: SourcePosition | undefined, projectDirectory: string): string {
  if (!position) return "";
  const uri = position.getUri();
  if (!uri.startsWith("file:")) return "";
  let file: string;
  try {
    file = fileURLToPath(uri);
  } catch {
    return "";
  }
  if (position.getLine() <= 0) return "";
  const relative = path.relative(projectDirectory, file).split(path.sep);
  const encoded = relative.map((part) => path.posix.basename(pathToFileURL(`/${part}`).pathname)).join("/");
  const column = position.getColumn() > 0 ? `,${position.getColumn()}` : "";
  return `project:///${relative.includes("..") ? relative.join("/") : encoded}#${position.getLine()}${column}`;
}

export const projectStackTrace = (trace: StackTrace | undefined, projectDirectory: string): StackFrame[] =>
  (trace?.getFramesList() ?? []).map((frame) => {
    const sourcePosition = projectPosition(frame.getPc(), projectDirectory);
    return sourcePosition ? { sourcePosition } : {};
  });
