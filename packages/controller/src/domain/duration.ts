/** Seconds in words for people: `40 s`, `12 min`, `3 h`, `9 d`. */
export function duration(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 120) return `${Math.round(size)} s`;
  if (size < 7_200) return `${Math.round(size / 60)} min`;
  if (size < 172_800) return `${Math.round(size / 3_600)} h`;
  return `${Math.round(size / 86_400)} d`;
}
