export async function measureAdoption(_dir: string, _count: number): Promise<number> {
  return 0;
}
