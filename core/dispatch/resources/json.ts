/** A value as a resource is read: by people too. */
export const json = (value: unknown): string => JSON.stringify(value, null, 2)
