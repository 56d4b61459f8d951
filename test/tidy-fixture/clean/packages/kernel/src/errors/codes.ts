// Every error code of this small tree.
export const ERROR_CODES = {
  BROKEN: { meaning: 'It broke.', recovery: 'Mend it.', isTransient: false },
} as const;
