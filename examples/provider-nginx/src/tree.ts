/** What the driver remembers: one file for each load balancer, so that a new start of the API loses nothing. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DriverError, type ProviderModel } from '@octavia/provider-lib';

export type Fields = Record<string, unknown>;

// #region tree
export interface Tree {
  balancer: Fields;
  /** By id. */
  listeners: Record<string, Fields>;
  pools: Record<string, Fields>;
  members: Record<string, Fields>;
}

/** What an object says: what is Unset is not in it, what is cleared is null. */
export const fieldsOf = (object: ProviderModel): Fields => object.to_dict();

/** A text that is always there. */
export const textOf = (value: unknown): string => String(value);
// #endregion

export class Trees {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o755 });
  }

  /** Where everything of a load balancer is. */
  folderOf(balancerId: string): string {
    return join(this.#folder, balancerId);
  }

  ids(): string[] {
    return readdirSync(this.#folder).filter((id) => existsSync(join(this.folderOf(id), 'tree.json')));
  }

  /** @throws DriverError where the load balancer is not known */
  read(balancerId: string): Tree {
    try {
      return JSON.parse(readFileSync(join(this.folderOf(balancerId), 'tree.json'), 'utf8')) as Tree;
    } catch (error) {
      throw new DriverError(
        { user_fault_string: `nginx does not know the load balancer ${balancerId}.` },
        { cause: error },
      );
    }
  }

  write(balancerId: string, tree: Tree): void {
    const file = join(this.folderOf(balancerId), 'tree.json');
    mkdirSync(this.folderOf(balancerId), { recursive: true, mode: 0o755 });
    writeFileSync(`${file}.new`, JSON.stringify(tree, null, 2));
    renameSync(`${file}.new`, file);
  }

  remove(balancerId: string): void {
    rmSync(this.folderOf(balancerId), { recursive: true, force: true });
  }

  /** Members name their pool alone. @throws DriverError */
  balancerOfPool(poolId: string): string {
    const found = this.ids().find((id) => poolId in this.read(id).pools);
    if (found === undefined) throw new DriverError({ user_fault_string: `nginx does not know the pool ${poolId}.` });
    return found;
  }
}
