// The one error class.
export class AssayError extends Error {}
