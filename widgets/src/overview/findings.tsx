/** What stands out in a scope: asked of Python where a kernel runs; each finding opens to what it stands on. */
import { useEffect, useState } from "preact/hooks";
import type { Model } from "../afm";
import { ask } from "../ask";

export interface Finding {
  finding: string;
  kind: "worse" | "better" | "different";
  /** What it stands on, and what made it. */
  details: string[];
}

interface Found {
  findings: Finding[];
  /** What is said where there is none. */
  nothing: string;
}

const PATIENCE = 600_000;

export function Findings({ model }: { model: Model }) {
  const [live, setLive] = useState(false);
  const [found, setFound] = useState<Found | null>(null);
  const [asked, setAsked] = useState(false);
  const [failed, setFailed] = useState("");
  useEffect(() => {
    const gone = new AbortController();
    ask(model, "ready", {}, PATIENCE).then(
      () => gone.signal.aborted || setLive(true),
      () => undefined,
    );
    return () => gone.abort();
  }, [model]);
  useEffect(() => {
    if (!asked) return undefined;
    const gone = new AbortController();
    ask<Found>(model, "findings", {}, PATIENCE).then(
      (answer) => gone.signal.aborted || setFound(answer),
      (error: Error) => gone.signal.aborted || setFailed(error.message),
    );
    return () => gone.abort();
  }, [asked, model]);
  if (!live) return null;
  return (
    <section class="findings" data-ls="findings" aria-label="What stands out">
      {!asked && (
        <button type="button" class="ls-push" onClick={() => setAsked(true)}>
          What stands out?
        </button>
      )}
      {asked && !found && !failed && (
        <p class="muted" role="status">
          Looking for what changed …
        </p>
      )}
      {failed && (
        <p class="muted" role="status">
          {failed} In a cell, scope.findings() tells what stands out.
        </p>
      )}
      {found && !found.findings.length && <p role="status">{found.nothing}</p>}
      {found && found.findings.length > 0 && (
        <ol>
          {found.findings.map(({ finding, kind, details }) => (
            <li key={finding} class={kind}>
              <details>
                <summary>{finding}</summary>
                {details.map((line) => (
                  <p key={line}>{line}</p>
                ))}
              </details>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
