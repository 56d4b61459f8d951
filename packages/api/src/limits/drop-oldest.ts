/** Keeps a map bounded: what was put in first goes when there is one entry more than `maximum`. */
export function dropOldest<T>(map: Map<string, T>, maximum: number): void {
  if (map.size > maximum) map.delete(map.keys().next().value!);
}
