// Where the console begins. How it is built up: `session` who is signed in, `api` requests, `live` the price
// stream, `show` the parts that every page is made of (tables, states, figures, dialogs), `frame` what stands
// around a page, `pages` one file per page, named in `frame/pages.ts`. It knows the server by HTTP only.
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './styles.css';
import { App } from './app.tsx';
import { startBoard } from './live/board.ts';

startBoard();
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
