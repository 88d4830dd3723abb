/** One thing that a person watching would like to know. `done` and `total` count objects. */
export interface ProgressNote {
  readonly kind: string;
  readonly text: string;
  readonly done?: number;
  readonly total?: number;
  /** `warning` stays on the screen; `info` gives way to the next note. */
  readonly severity?: "info" | "warning";
}

export type Progress = (note: ProgressNote) => void;

export const silent: Progress = () => undefined;
