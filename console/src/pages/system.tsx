// The installation itself: its processes, the topics between them, what is written on them, the log, and in
// the sandbox the switches of the simulated market. For administrators.
import type { ReactNode } from 'react';
import { useStatus } from '../frame/use-status.ts';
import { NeedsScope } from '../session/needs-scope.tsx';
import { Page, Section } from '../show/page.tsx';
import { TableSkeleton } from '../show/states.tsx';
import { EventTail } from '../system/event-tail.tsx';
import { LogTail } from '../system/log-tail.tsx';
import { Processes } from '../system/processes.tsx';
import { SandboxSwitches } from '../system/sandbox-switches.tsx';
import { Topics } from '../system/topics.tsx';

export function SystemPage(): ReactNode {
  const { data: status } = useStatus();
  return (
    <Page title="System" {...(status === undefined ? {} : { beside: <Version text={status.version} /> })}>
      <NeedsScope scope="admin" what="System" skeleton={<TableSkeleton rows={6} columns={5} />}>
        <Section title="Processes" beside="each says every five seconds that it is there">
          <Processes />
        </Section>
        {status?.profile === 'sandbox' && (
          <Section title="Sandbox" beside="simulated markets: what is switched on here is nowhere real">
            <SandboxSwitches />
          </Section>
        )}
        <Section title="Topics" beside="what the services tell each other">
          <Topics />
        </Section>
        <EventTail />
        <LogTail />
      </NeedsScope>
    </Page>
  );
}

function Version({ text }: { text: string }): ReactNode {
  return <span className="text-muted">version {text}</span>;
}
