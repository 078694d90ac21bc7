export type { Argument, Command } from './command.ts';
export type { Surroundings } from './surroundings.ts';
export { COMMANDS } from './table/index.ts';
