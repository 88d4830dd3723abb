import { invalidParameter } from "../http/errors.js";

export type Language = "PYTHON" | "SCALA" | "SQL" | "R";

/** A notebook as it was brought in. Between formats it is converted; in its own it goes out as it came. */
export interface Notebook {
  readonly language: Language;
  readonly format: "SOURCE" | "JUPYTER";
  readonly content: Uint8Array;
}

interface LanguageForm {
  readonly language: Language;
  readonly extension: string;
  /** How a line comment begins. */
  readonly comment: string;
  readonly magic: string;
}

const LANGUAGES: readonly LanguageForm[] = [
  { language: "PYTHON", extension: ".py", comment: "#", magic: "%python" },
  { language: "SCALA", extension: ".scala", comment: "//", magic: "%scala" },
  { language: "SQL", extension: ".sql", comment: "--", magic: "%sql" },
  { language: "R", extension: ".r", comment: "#", magic: "%r" },
];

function formOf(language: Language): LanguageForm {
  const form = LANGUAGES.find((known) => known.language === language);
  if (!form) throw invalidParameter(`Unknown language ${language}`);
  return form;
}

export function isLanguage(text: string): text is Language {
  return LANGUAGES.some(({ language }) => language === text);
}

export function extensionOf(language: Language): string {
  return formOf(language).extension;
}

/** By the extension of a path; undefined for one that is no notebook's. */
export function languageOfPath(path: string): Language | undefined {
  return LANGUAGES.find(({ extension }) => path.toLowerCase().endsWith(extension))?.language;
}

const header = (form: LanguageForm): string => `${form.comment} Databricks notebook source`;

/** Whether a source file says in its first line that it is a notebook, which is what AUTO goes by. */
export function isNotebookSource(language: Language, content: Uint8Array): boolean {
  return Buffer.from(content.subarray(0, 100))
    .toString("utf8")
    .startsWith(header(formOf(language)));
}

/** https://learn.microsoft.com/azure/databricks/notebooks/notebook-export-import */
export function asSource(notebook: Notebook): Buffer {
  const form = formOf(notebook.language);
  if (notebook.format === "SOURCE") {
    const text = Buffer.from(notebook.content);
    return isNotebookSource(notebook.language, text) ? text : Buffer.concat([Buffer.from(`${header(form)}\n`), text]);
  }
  const cells = jupyterCells(notebook.content).map(({ markdown, text }) => {
    const magic = markdown ? `%md\n${text}` : text;
    return magic.startsWith("%") ? magic.replace(/^/gm, `${form.comment} MAGIC `).replace(/ +$/gm, "") : magic;
  });
  return Buffer.from(`${header(form)}\n${cells.join(`\n\n${form.comment} COMMAND ----------\n\n`)}`);
}

export function asJupyter(notebook: Notebook, name: string): Buffer {
  if (notebook.format === "JUPYTER") return Buffer.from(notebook.content);
  const cells = sourceCells(notebook).map(({ markdown, text }) => ({
    cell_type: markdown ? "markdown" : "code",
    metadata: {},
    source: text.split(/(?<=\n)/),
    ...(!markdown && { execution_count: null, outputs: [] }),
  }));
  const metadata = {
    "application/vnd.databricks.v1+notebook": { notebookName: name, language: notebook.language.toLowerCase() },
    language_info: { name: notebook.language.toLowerCase() },
  };
  return Buffer.from(JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 0 }));
}

/** The language that a Jupyter notebook names; refused when `content` is no Jupyter notebook. */
export function jupyterLanguage(content: Uint8Array): Language {
  const { metadata } = parseJupyter(content);
  const named = [
    metadata?.["application/vnd.databricks.v1+notebook"]?.language,
    metadata?.language_info?.name,
    metadata?.kernelspec?.language,
  ].find((name) => typeof name === "string");
  const language = (named ?? "python").toUpperCase();
  return isLanguage(language) ? language : "PYTHON";
}

const MODEL = /__DATABRICKS_NOTEBOOK_MODEL = '([A-Za-z0-9+/=]*)'/;

/** An HTML page that carries the notebook's model, as the real export does. */
export function asHtml(notebook: Notebook, name: string): Buffer {
  const model = Buffer.from(encodeURIComponent(archiveModel(notebook, name))).toString("base64");
  const title = name.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return Buffer.from(
    `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body>` +
      `<script>var __DATABRICKS_NOTEBOOK_MODEL = '${model}';</script></body></html>\n`,
  );
}

export function fromHtml(content: Buffer): Notebook {
  const model = MODEL.exec(content.toString("utf8"))?.[1];
  if (model === undefined) throw invalidParameter("The HTML file has no Databricks notebook in it");
  return fromArchiveModel(decodeURIComponent(Buffer.from(model, "base64").toString()));
}

/** One notebook inside a DBC archive: JSON with its commands. */
export function archiveModel(notebook: Notebook, name: string): string {
  const commands = sourceCells({ ...notebook, format: "SOURCE", content: asSource(notebook) }).map(
    ({ markdown, text }, index) => ({
      version: "CommandV1",
      position: index + 1,
      command: markdown ? `%md\n${text}` : text,
    }),
  );
  return JSON.stringify({ version: "NotebookV1", name, language: notebook.language.toLowerCase(), commands });
}

export function fromArchiveModel(json: string): Notebook {
  let model: { language?: string; commands?: { command: string; position: number }[] };
  try {
    model = JSON.parse(json) as typeof model;
  } catch (cause) {
    throw invalidParameter(`The archive holds no notebook: ${String(cause)}`);
  }
  const language = (model.language ?? "").toUpperCase();
  if (!isLanguage(language) || !Array.isArray(model.commands)) throw invalidParameter("The archive holds no notebook");
  const cells = [...model.commands]
    .sort((a, b) => a.position - b.position)
    .map(({ command }) => ({ cell_type: "code", source: command }));
  const content = Buffer.from(JSON.stringify({ cells, nbformat: 4 }));
  const notebook: Notebook = { language, format: "JUPYTER", content };
  return { language, format: "SOURCE", content: new Uint8Array(asSource(notebook)) };
}

interface Cell {
  readonly markdown: boolean;
  readonly text: string;
}

function sourceCells(notebook: Notebook): Cell[] {
  if (notebook.format === "JUPYTER") return jupyterCells(notebook.content);
  const { comment } = formOf(notebook.language);
  const text = Buffer.from(asSource(notebook)).toString("utf8");
  const body = text.slice(text.indexOf("\n") + 1 || text.length);
  return body.split(new RegExp(`\\n*^${comment} COMMAND -+$\\n*`, "m")).map((cell) => {
    const plain = cell.replace(new RegExp(`^${comment} MAGIC ?`, "gm"), "");
    return /^%md\s/.test(plain)
      ? { markdown: true, text: plain.replace(/^%md\s/, "") }
      : { markdown: false, text: plain };
  });
}

interface JupyterFile {
  readonly cells: { cell_type: string; source: string | string[] }[];
  readonly metadata?: Record<string, { language?: string; name?: string } | undefined>;
}

function parseJupyter(content: Uint8Array): JupyterFile {
  try {
    const file = JSON.parse(Buffer.from(content).toString("utf8")) as JupyterFile;
    if (Array.isArray(file.cells)) return file;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw invalidParameter("The notebook is not in Jupyter format: Invalid JSON or no cells");
}

function jupyterCells(content: Uint8Array): Cell[] {
  return parseJupyter(content).cells.map(({ cell_type, source }) => ({
    markdown: cell_type === "markdown",
    text: Array.isArray(source) ? source.join("") : source,
  }));
}
