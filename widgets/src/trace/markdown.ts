/** Markdown of a message, as nodes that run nothing, fetch nothing and go nowhere by themselves. */
import DOMPurify from "dompurify";
import { Marked } from "marked";

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const marked = new Marked({
  gfm: true,
  breaks: true,
  async: false,
  renderer: {
    // Raw HTML in a log is text that somebody wrote: it is shown, not obeyed.
    html: ({ text }) => escaped(text),
    image: ({ href, text }) => `<code>[image${text ? ` ${escaped(text)}` : ""}: ${escaped(href)}]</code>`,
  },
});

const ALLOWED = {
  ALLOWED_TAGS: [
    ..."p br hr strong em del code pre blockquote ul ol li h1 h2 h3 h4 h5 h6".split(" "),
    ..."table thead tbody tr th td a input".split(" "),
  ],
  ALLOWED_ATTR: ["href", "align", "start", "type", "checked", "disabled"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  RETURN_DOM_FRAGMENT: true as const,
};

export function markdown(text: string): DocumentFragment {
  const nodes = DOMPurify.sanitize(marked.parse(text) as string, ALLOWED);
  for (const link of nodes.querySelectorAll("a")) {
    const to = link.getAttribute("href");
    if (!to) continue;
    link.setAttribute("rel", "noopener noreferrer nofollow");
    link.setAttribute("target", "_blank");
    link.setAttribute("title", to);
  }
  for (const box of nodes.querySelectorAll("input")) {
    if (box.type !== "checkbox") box.remove();
    else box.disabled = true;
  }
  return nodes;
}
