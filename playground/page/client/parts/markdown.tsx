import ReactMarkdown from "react-markdown";
import remarkGfm from "remark-gfm";

const plugins = [remarkGfm];

/** GitHub's flavour. What people wrote is data: no HTML in it is ever taken as such. */
export function Markdown({ text }: { readonly text: string }) {
  return (
    <div className="markdown">
      <ReactMarkdown remarkPlugins={plugins}>{text.replaceAll(/<!--[\s\S]*?-->/g, "")}</ReactMarkdown>
    </div>
  );
}
