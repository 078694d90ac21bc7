#!/usr/bin/env node
import { createProgram } from '../src/services/cli/program.ts';
import { reportError } from '../src/services/cli/report.ts';

try {
  await createProgram().parseAsync();
} catch (error) {
  reportError(error);
}
