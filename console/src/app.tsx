// The console as a whole: sign-in until there is a key, then the pages. What was loaded with one key is
// forgotten before the next one signs in.
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { queryClient } from './api/use-api.ts';
import { router } from './router.tsx';
import { session, useSession } from './session/session.ts';
import { SignIn } from './session/sign-in.tsx';

session.onChange(() => {
  if (session.key() === undefined) queryClient.clear();
});

export function App(): ReactNode {
  const { key } = useSession();
  if (key === undefined) return <SignIn />;
  return (
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
