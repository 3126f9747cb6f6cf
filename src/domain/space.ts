// How full a volume is. It is full when either its bytes or its files (inodes) are.

export type Amount = { readonly total: number; readonly free: number };

/** `files` is null where the file system has no fixed number of them. `free` is what the bot may still use. */
export type Space = { readonly bytes: Amount; readonly files: Amount | null };

/** Of the two the scarcer: its free share, 0 to 1. */
export type Free = { readonly share: number; readonly of: "bytes" | "files" };

export function scarcest({ bytes, files }: Space): Free {
  const left: Free = { share: freeShare(bytes), of: "bytes" };
  if (files === null || freeShare(files) >= left.share) return left;
  return { share: freeShare(files), of: "files" };
}

export function usedShare(amount: Amount): number {
  return 1 - freeShare(amount);
}

/** What has to be freed until no more than `share` of it is in use. */
export function excessOver(share: number, { total, free }: Amount): number {
  return Math.max(0, total - free - Math.round(total * share));
}

function freeShare({ total, free }: Amount): number {
  return total > 0 ? free / total : 0;
}
