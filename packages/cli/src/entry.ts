/** Of the bundle. */
import { main } from './main.ts';

void main();
