// Where a rule may be broken, and why. An exception that nothing needs any more is itself a finding.

export type Exception = { rule: string; file: string; reason: string };

const GENERIC = 'it makes sources from definitions in the configuration and is none itself';

export const EXCEPTIONS: readonly Exception[] = [
  ...['http-json', 'web-socket-json'].flatMap((name) => {
    const file = `packages/oracle/src/sources/adapters/${name}.ts`;
    return [
      { rule: 'no-default-export', file, reason: GENERIC },
      { rule: 'adapter-examples', file, reason: GENERIC },
    ];
  }),
  ...['kebab-case', 'no-default-export'].map((rule) => ({
    rule,
    file: 'console/vite.config.ts',
    reason: 'Vite looks for this name and takes the default export',
  })),
];
