import { diffKeys, diffValues, type ObjectDiff, type ValueDiff } from "../../resource/object-diff.js";
import {
  isArchive,
  isAsset,
  isInternalKey,
  isObject,
  isResourceReference,
  isSecret,
  secretElement,
  unknownValue,
  type PropertyMap,
  type PropertyValue,
} from "../../resource/values.js";
import type { Operation } from "../../deployment/operations.js";
import { operationPrefix, operationStyle, type Painter } from "../colors.js";
import { decodeValue } from "./encoded-values.js";
import { diffLines } from "./line-diff.js";
import { shortened } from "./shortened.js";

export interface PrinterOptions {
  painter: Painter;
  showSecrets: boolean;
  /** Print texts whole, however long they are. */
  showFullOutput: boolean;
  /** Print only what changed. */
  changesOnly?: boolean;
}

type Title = (printer: PropertyPrinter) => void;

/** Values that clutter a display without saying anything. */
const isUninteresting = (value: PropertyValue): boolean =>
  value === null ||
  value === "" ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0);

const isPrimitive = (value: PropertyValue): boolean => value === null || typeof value !== "object" || isSecret(value);

/** In bytes, as the Pulumi CLI counts, though it pads by characters. */
export const longest = (keys: readonly string[]): number => Math.max(0, ...keys.map((key) => Buffer.byteLength(key)));

/** How many unchanged lines around a change help to see where it is. */
const contextLines = 2;

/** Prints properties and their differences in the form that the Pulumi CLI has for them. */
export class PropertyPrinter {
  constructor(
    private readonly options: PrinterOptions,
    private readonly lines: { text: string },
    private readonly indent: number,
    private readonly op: Operation,
    /** Whether lines carry the operation's sign. */
    private readonly prefixed: boolean,
  ) {}

  private derived(changes: { indent?: number; op?: Operation; prefixed?: boolean }): PropertyPrinter {
    const { indent = this.indent, op = this.op, prefixed = this.prefixed } = changes;
    return new PropertyPrinter(this.options, this.lines, indent, op, prefixed);
  }

  private write(text: string): void {
    // Line ends stay outside the colour, so that a line can be cut and matched.
    const [body = "", ...ends] = text.split(/(?=\n)/);
    this.lines.text += this.options.painter.paint(operationStyle(this.op), body) + ends.join("");
  }

  private writeIndented(text: string, prefixed = this.prefixed): void {
    const spaces = "    ".repeat(this.indent);
    const margin = prefixed && spaces.length >= 2 ? spaces.slice(0, -2) + operationPrefix(this.op) : spaces;
    this.write(margin + text);
  }

  private title(name: string, width: number): Title {
    return (printer) => printer.writeIndented(`${padded(this.short(name), width)}: `);
  }

  private short(text: string): string {
    return this.options.showFullOutput ? text : shortened(text);
  }

  printObject(properties: PropertyMap): void {
    const keys = Object.keys(properties).sort();
    const width = longest(keys);
    for (const key of keys)
      if (!isInternalKey(key)) this.printProperty(this.title(key, width), properties[key] ?? null);
  }

  printNamed(key: string, width: number, value: PropertyValue): void {
    this.printProperty(this.title(key, width), value);
  }

  private printProperty(title: Title, value: PropertyValue): void {
    title(this);
    this.printValue(value);
    this.write("\n");
  }

  private printValue(value: PropertyValue): void {
    if (isSecret(value) && this.options.showSecrets) this.printValue(secretElement(value));
    else if (isPrimitive(value)) this.printPrimitive(value);
    else if (Array.isArray(value)) {
      if (value.length === 0) return this.write("[]");
      this.write("[\n");
      value.forEach((item, index) => {
        this.writeIndented(`    [${index}]: `);
        const inner = this.derived({ indent: this.indent + 1 });
        inner.printValue(item);
        this.write("\n");
      });
      this.writeIndented("]", false);
    } else if (isAsset(value)) this.printAsset(value);
    else if (isArchive(value)) this.write(`archive(${shortHash(value)}) { }`);
    else if (isObject(value)) {
      const shown = isResourceReference(value)
        ? { URN: value.urn ?? null, ID: value.id ?? null, PackageVersion: value.packageVersion ?? "" }
        : value;
      if (Object.keys(shown).length === 0) return this.write("{}");
      this.write("{\n");
      this.derived({ indent: this.indent + 1 }).printObject(shown);
      this.writeIndented("}", false);
    }
  }

  /** A file or an address is told; text is not, as it may be long. */
  private printAsset(asset: PropertyMap): void {
    const hash = shortHash(asset);
    if (typeof asset.path === "string" && asset.path) return this.write(`asset(file:${hash}) { ${asset.path} }`);
    if (typeof asset.uri === "string" && asset.uri) return this.write(`asset(uri:${hash}) { ${asset.uri} }`);
    this.write(`asset(text:${hash}) {\n`);
    this.writeIndented("    <contents elided>\n", false);
    this.writeIndented("}", false);
  }

  private printPrimitive(value: PropertyValue): void {
    if (value === null) this.write("<null>");
    else if (isSecret(value)) this.write("[secret]");
    else if (value === unknownValue) this.write("[unknown]");
    else if (typeof value === "string") {
      const decoded = decodeValue(value);
      if (!decoded) return this.write(JSON.stringify(this.short(value)));
      this.write(`(${decoded.kind}) `);
      this.printValue(decoded.value);
    } else this.write(typeof value === "number" && Number.isInteger(value) ? BigInt(value).toString() : String(value));
  }

  printObjectDiff(diff: ObjectDiff, include?: readonly string[]): void {
    const keys = diffKeys(diff).filter((key) => include === undefined || include.includes(key));
    const width = longest(keys);
    for (const key of keys) this.printNamedDiff(key, width, diff);
  }

  printNamedDiff(key: string, width: number, diff: ObjectDiff): void {
    const title = this.title(key, width);
    const added = diff.adds.get(key);
    const deleted = diff.deletes.get(key);
    const updated = diff.updates.get(key);
    const same = diff.sames.get(key);
    if (added !== undefined) this.printAdded(title, added);
    else if (deleted !== undefined) this.printDeleted(title, deleted);
    else if (updated) this.printUpdated(title, updated);
    else if (same !== undefined && !this.options.changesOnly && !isUninteresting(same))
      this.derived({ op: "same", prefixed: false }).printProperty(title, same);
  }

  private printAdded(title: Title, value: PropertyValue): void {
    this.derived({ op: "create", prefixed: true }).printProperty(title, value);
  }

  private printDeleted(title: Title, value: PropertyValue): void {
    this.derived({ op: "delete", prefixed: true }).printProperty(title, value);
  }

  private printUpdated(title: Title, diff: ValueDiff): void {
    const printer = this.derived({ op: "update", prefixed: true });
    if (this.options.showSecrets && (isSecret(diff.old) || isSecret(diff.new))) {
      const clear = diffValues(secretElement(diff.old), secretElement(diff.new));
      if (clear) return printer.printUpdated(title, clear);
    }
    if (diff.array) {
      const { adds, deletes, updates, sames } = diff.array;
      title(printer);
      printer.write("[\n");
      const inner = printer.derived({ indent: printer.indent + 2 });
      for (let index = 0; index < adds.size + deletes.size + updates.size + sames.size; index++) {
        const itemTitle: Title = (item) => item.derived({ indent: item.indent - 1 }).writeIndented(`[${index}]: `);
        const added = adds.get(index);
        const deleted = deletes.get(index);
        const updated = updates.get(index);
        const same = sames.get(index);
        if (added !== undefined) inner.printAdded(itemTitle, added);
        else if (deleted !== undefined) inner.printDeleted(itemTitle, deleted);
        else if (updated) inner.printUpdated(itemTitle, updated);
        else if (same !== undefined && !this.options.changesOnly)
          inner.derived({ op: "same", prefixed: false }).printProperty(itemTitle, same);
      }
      printer.writeIndented("]\n", false);
    } else if (diff.object) {
      title(printer);
      printer.write("{\n");
      printer.derived({ indent: printer.indent + 1 }).printObjectDiff(diff.object);
      printer.writeIndented("}\n", false);
    } else printer.printReplaced(title, diff.old, diff.new);
  }

  private printReplaced(title: Title, old: PropertyValue, value: PropertyValue): void {
    const showOld = !isUninteresting(old);
    const showNew = !isUninteresting(value);
    if (showOld && showNew && isPrimitive(old) && isPrimitive(value)) {
      title(this);
      if (typeof old === "string" && typeof value === "string" && old !== unknownValue && value !== unknownValue)
        return this.printTextDiff(old, value);
      this.derived({ op: "delete" }).printPrimitive(old);
      this.write(" => ");
      this.derived({ op: "create" }).printPrimitive(value);
      return this.write("\n");
    }
    if (showOld) this.printDeleted(title, old);
    if (showNew) this.printAdded(title, value);
  }

  private printTextDiff(old: string, text: string): void {
    const before = decodeValue(old);
    const after = decodeValue(text);
    if (before && after) {
      this.write(before.kind === after.kind ? `(${before.kind}) ` : `(${before.kind} => ${after.kind}) `);
      const diff = diffValues(before.value, after.value, isInternalKey);
      if (diff) return this.printUpdated(() => undefined, diff);
    }
    if (old.includes("\n") || text.includes("\n"))
      return this.derived({ indent: this.indent + 1 }).printLineDiff(old, text);
    this.derived({ op: "delete" }).write(JSON.stringify(old));
    this.write(" => ");
    this.derived({ op: "create" }).write(JSON.stringify(text));
    this.write("\n");
  }

  private printLineDiff(old: string, text: string): void {
    this.write("\n");
    const changes = diffLines(old, text);
    const printLines = (op: Operation, lines: readonly string[]): void => {
      const printer = this.derived({ op, prefixed: op !== "same" });
      for (const line of lines) if (line.trim()) printer.writeIndented(`${this.short(line)}\n`);
    };
    changes.forEach(({ kind, lines }, index) => {
      if (kind !== "same") return printLines(kind === "add" ? "create" : "delete", lines);
      const content = lines.filter((line) => line.trim());
      const head = index === 0 ? [] : content.slice(0, contextLines);
      const tail = index === changes.length - 1 ? [] : content.slice(-contextLines);
      if (content.length <= head.length + tail.length + 1) return printLines("same", content);
      printLines("same", head);
      printLines("same", ["..."]);
      printLines("same", tail);
    });
  }
}

const padded = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - [...text].length));

const shortHash = (value: PropertyMap): string => String(value.hash ?? "").slice(0, 7);
