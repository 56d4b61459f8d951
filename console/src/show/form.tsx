// What forms share: proposals for a field, and where the words of the server go when it refuses: to the field
// they are about, or beneath all of them.
import type { ReactNode } from 'react';
import type { ApiProblem } from '../api/http.ts';

/** What the server says about one of these fields; `scopes.0` belongs to `scopes`. */
export function problemsAt(problem: ApiProblem | undefined): (...fields: string[]) => string | undefined {
  const field = problem?.field?.split('.')[0];
  return (...fields) => (field !== undefined && fields.includes(field) ? problem?.message : undefined);
}

/** What is about none of the fields that the form shows. */
export function Unplaced({
  problem,
  fields,
}: {
  problem: ApiProblem | undefined;
  fields: readonly string[];
}): ReactNode {
  if (problem === undefined || problemsAt(problem)(...fields) !== undefined) return null;
  return (
    <p role="alert" className="break-words text-critical">
      {problem.message} {problem.recovery}
    </p>
  );
}

export function Proposals({ id, values }: { id: string; values: readonly string[] }): ReactNode {
  return (
    <datalist id={id}>
      {values.map((value) => (
        <option key={value} value={value} />
      ))}
    </datalist>
  );
}
