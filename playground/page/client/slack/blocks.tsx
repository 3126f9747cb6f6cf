// A surface's blocks. What is only looked at is drawn by slack-blocks-to-jsx; what a person works with is drawn here, so
// that it can be reached by keyboard and really does what Slack's would.

import { type Block, Message } from "slack-blocks-to-jsx";
import { useSection } from "../live.ts";
import { useTheme } from "../parts/theme.ts";
import { Control, interactive } from "./controls.tsx";
import { InputBlock } from "./input-block.tsx";
import { type Json, record, records, string } from "./json.ts";
import type { Surface } from "./surface.ts";

export function Blocks({ blocks, surface }: { readonly blocks: readonly Json[]; readonly surface: Surface }) {
  return (
    <div className="blocks">
      {groups(blocks).map((group) => (
        <Group key={keyOf(group)} group={group} surface={surface} />
      ))}
    </div>
  );
}

type Group = { readonly drawn: readonly Json[] } | { readonly own: Json };

/** Runs of blocks that are only looked at are drawn together. */
function groups(blocks: readonly Json[]): readonly Group[] {
  const all: Group[] = [];
  let drawn: Json[] = [];
  for (const block of blocks) {
    if (isOwn(block)) {
      if (drawn.length > 0) all.push({ drawn });
      drawn = [];
      all.push({ own: block });
    } else drawn.push(block);
  }
  return drawn.length > 0 ? [...all, { drawn }] : all;
}

function isOwn(block: Json): boolean {
  const type = string(block["type"]);
  return type === "actions" || type === "input" || (type === "section" && interactive(record(block["accessory"])));
}

function keyOf(group: Group): string {
  const block = "own" in group ? group.own : group.drawn[0];
  return `${string(block?.["type"])}/${string(block?.["block_id"])}`;
}

function Group({ group, surface }: { readonly group: Group; readonly surface: Surface }) {
  if ("drawn" in group) return <Drawn blocks={group.drawn} />;
  const block = group.own;
  const blockId = string(block["block_id"]);
  if (block["type"] === "input") return <InputBlock block={block} surface={surface} />;
  if (block["type"] === "actions") {
    return (
      <div className="actions">
        {records(block["elements"]).map((element) => (
          <Control key={string(element["action_id"])} element={element} blockId={blockId} surface={surface} />
        ))}
      </div>
    );
  }
  const { accessory, ...rest } = block;
  return (
    <div className="with-accessory">
      <Drawn blocks={[rest]} />
      <Control element={record(accessory)} blockId={blockId} surface={surface} />
    </div>
  );
}

export function Drawn({ blocks }: { readonly blocks: readonly Json[] }) {
  const slack = useSection("slack");
  const theme = useTheme();
  const bot = slack === undefined ? [] : [{ id: slack.app.userId, name: slack.app.name }];
  const users = [...(slack?.people ?? []), ...bot].map(({ id, name }) => ({ id, name, avatar: "" }));
  const channels = (slack?.channels ?? []).map(({ id, name }) => ({ id, name }));
  return (
    // The blocks come from the app and were checked by the stand-in, which knows Slack's rules.
    <Message
      blocks={blocks as unknown as Block[]}
      data={{ users, channels }}
      theme={theme}
      name=""
      logo=""
      withoutWrapper
    />
  );
}
