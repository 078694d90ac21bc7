import { Store } from '../store/core/database.ts';
import * as housekeeping from '../store/operations/housekeeping.ts';
import * as certificates from '../store/resources/amphora-certificates.ts';

/** Makes the certificates of all amphorae, or of one, due at the next look of housekeeping. @returns how many */
export async function rotateNow(url: string, amphoraId: string | null): Promise<number> {
  const store = new Store({ url, maxConnections: 1 });
  try {
    return await store.transaction(async (tx) => {
      await housekeeping.hurry(tx, 'certificates');
      return certificates.expireNow(tx, amphoraId);
    });
  } finally {
    await store.close();
  }
}
