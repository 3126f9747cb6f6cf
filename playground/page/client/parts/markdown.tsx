import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";

const plugins = [remarkGfm];

/** Ticks are looked at, not clicked: a list's item says what its box is about. */
const components: Components = {
  input: ({ checked }) => (
    <span className="tick" data-done={checked} role="img" aria-label={checked === true ? "done" : "not done"} />
  ),
};

/** GitHub's flavour. What people wrote is data: no HTML in it is ever taken as such. */
export function Markdown({ text }: { readonly text: string }) {
  return (
    <div className="markdown">
      <ReactMarkdown remarkPlugins={plugins} components={components}>
        {text.replaceAll(/<!--[\s\S]*?-->/g, "")}
      </ReactMarkdown>
    </div>
  );
}
