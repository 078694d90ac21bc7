/** What the first boot of an instance does. The config drive is read into this, and `apply.ts` carries it out. */
export interface GuestFile {
  /** Absolute. */
  path: string;
  content: Buffer;
  /** Permission bits; null: as a new file gets them, 0644. */
  mode: number | null;
  /** `user`, `user:group` or `:group`; null: root. */
  owner: string | null;
  append: boolean;
}

export interface FirstBootPlan {
  instanceId: string;
  hostname: string | null;
  /** As in zoneinfo. */
  timezone: string | null;
  authorizedKeys: string[];
  files: GuestFile[];
  /** Shell, a command a line. */
  commands: string[];
  /** What was there and is not understood, a sentence each. */
  warnings: string[];
}
