// Reads the environment.
export const port = (): string | undefined => process.env.API_PORT;
