/** Where the files of UDP and SCTP listeners lie inside the amphora; the controller names one of them. */
export interface LvsFiles {
  folder: string;
  /** Checks an SCTP member: `<program> <address> <port> <seconds>` ends with status 0 when it answers. */
  sctpCheck: string;
}

export function lvsFiles(basePath: string): LvsFiles {
  const folder = `${basePath}/lvs`;
  return { folder, sctpCheck: `${folder}/check/sctp` };
}
