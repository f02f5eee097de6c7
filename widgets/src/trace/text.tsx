/** Text of any length: the beginning at once, the rest when asked for. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { count } from "../format";
import { markdown } from "./markdown";

const CUT = 4000;

function More({ length, onOpen }: { length: number; onOpen: () => void }) {
  return (
    <button type="button" class="more" onClick={onOpen}>
      show all {count(length)} characters
    </button>
  );
}

export function Long({ text, cut = CUT }: { text: string; cut?: number }) {
  const [all, setAll] = useState(text.length <= cut);
  return (
    <span class="text">
      {all ? text : `${text.slice(0, cut)}…`}
      {!all && <More length={text.length} onOpen={() => setAll(true)} />}
    </span>
  );
}

export function Markdown({ text }: { text: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [all, setAll] = useState(text.length <= CUT);
  useLayoutEffect(() => {
    box.current!.replaceChildren(markdown(all ? text : `${text.slice(0, CUT)}…`));
  }, [text, all]);
  return (
    <>
      <div class="markdown" ref={box} />
      {!all && <More length={text.length} onOpen={() => setAll(true)} />}
    </>
  );
}
