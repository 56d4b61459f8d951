// Any other event stream of the API for as long as a component is shown (the tail of a topic, say). In: its
// address. Out: the connection's state; events go to a function.
import { useEffect, useRef, useState } from 'react';
import { openStream, type StreamEvent, type StreamState } from './event-stream.ts';

/** Without a path nothing is opened. */
export function useEvents(path: string | undefined, onEvent: (event: StreamEvent) => void): StreamState {
  const [state, setState] = useState<StreamState>({ kind: 'connecting' });
  const latest = useRef(onEvent);
  latest.current = onEvent;
  useEffect(() => {
    if (path === undefined) return undefined;
    return openStream({ path, onEvent: (event) => latest.current(event), onState: setState });
  }, [path]);
  return state;
}
