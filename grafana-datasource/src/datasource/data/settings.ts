export const SETTING_BOUNDS = {
  timeoutSeconds: { min: 1, max: 300, standard: 30 },
  rowsMax: { min: 1, max: 1_000_000, standard: 10_000 },
};

/** A written number within its bounds; nothing written, or no number, is the standard. */
export function bounded(text: string, name: keyof typeof SETTING_BOUNDS): number | undefined {
  const { min, max } = SETTING_BOUNDS[name];
  const value = Math.round(Number(text));
  if (text.trim() === '' || !Number.isFinite(value)) {
    return undefined;
  }
  return Math.min(max, Math.max(min, value));
}
