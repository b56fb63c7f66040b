/** Every shared component with its states on one page. */
import { useState } from "react";
import * as ui from "../../../ui/index.ts";
import { answer, NOW } from "./script.ts";

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="flex flex-col gap-3">
      <h2 className="border-b border-line pb-1 text-small text-quiet">{title}</h2>
      {children}
    </section>
  );
}

export function Components() {
  const [tab, setTab] = useState("diff");
  const [sheet, setSheet] = useState(false);
  const [text, setText] = useState("");
  return (
    <main className="mx-auto flex max-w-[760px] flex-col gap-8 p-4">
      <h1 className="text-title font-strong">Components</h1>
      <Part title="Buttons">
        <div className="flex flex-wrap gap-2">
          <ui.Button tone="primary">Allow</ui.Button>
          <ui.Button>Deny</ui.Button>
          <ui.Button tone="quiet">Later</ui.Button>
          <ui.Button tone="danger" icon="trash">
            Delete
          </ui.Button>
          <ui.Button busy>Busy</ui.Button>
          <ui.Button disabled>Off</ui.Button>
          <ui.Button tone="primary" shortcut="A" icon="check">
            Shortcut
          </ui.Button>
          <ui.IconButton icon="send" label="Send" round tone="primary" />
          <ui.IconButton icon="stop" label="Stop" round tone="plain" />
          <ui.IconButton icon="more" label="More" />
        </div>
      </Part>
      <Part title="Status">
        <div className="flex flex-wrap gap-4">
          {ui.STATUSES.map((status) => (
            <ui.StatusLabel key={status} status={status} />
          ))}
        </div>
        <div className="flex flex-wrap gap-2">
          {ui.STATUSES.map((status) => (
            <ui.Pill key={status} tone={status}>
              {status}
            </ui.Pill>
          ))}
        </div>
      </Part>
      <Part title="Fields">
        <ui.Field label="Name" hint="Shown in the list" defaultValue="Invoice" />
        <ui.Field label="Token" error="The hub does not know this token." defaultValue="abc" />
        <ui.TextArea label="Message" value={text} onChange={(event) => setText(event.target.value)} />
        <ui.Select label="Mode" defaultValue="b">
          <option value="a">Ask first</option>
          <option value="b">Accept edits</option>
        </ui.Select>
      </Part>
      <Part title="Menus and sheets">
        <div className="flex gap-2">
          <ui.Menu
            label="Model"
            items={["Small", "Large"].map((label) => ({
              id: label,
              label,
              hint: "200k tokens",
              chosen: label === "Large",
              onSelect: () => undefined,
            }))}
            trigger={(props) => <ui.Button {...props}>Menu</ui.Button>}
          />
          <ui.Button onClick={() => setSheet(true)}>Sheet</ui.Button>
          <ui.Button
            onClick={() =>
              ui.showToast({ tone: "failed", text: "The hub can't be reached", action: { label: "Retry", run: () => undefined } })
            }
          >
            Toast
          </ui.Button>
          <ui.Tooltip text="A word about it">
            <ui.Button>Tooltip</ui.Button>
          </ui.Tooltip>
        </div>
        <ui.Sheet
          open={sheet}
          onClose={() => setSheet(false)}
          title="Session"
          footer={<ui.Button onClick={() => setSheet(false)}>Done</ui.Button>}
        >
          <p>Choices come from below on a phone.</p>
        </ui.Sheet>
        <ui.Tabs
          label="Views"
          tabs={[
            { id: "diff", label: "Diff", count: 2 },
            { id: "file", label: "File" },
          ]}
          chosen={tab}
          onChoose={setTab}
        >
          <p className="p-3">{tab}</p>
        </ui.Tabs>
      </Part>
      <Part title="States">
        <ui.EmptyState
          icon="list"
          title="No sessions yet"
          hint="Run hapi in a directory."
          action={<ui.Button tone="primary">New session</ui.Button>}
        />
        <ui.Skeleton />
        <p>
          <ui.RelativeTime at={NOW} />
        </p>
      </Part>
      <Part title="Markdown">
        <ui.Markdown text={answer} />
      </Part>
      <Part title="Icons">
        <div className="flex flex-wrap gap-3">
          {ui.ICON_NAMES.map((name) => (
            <span key={name} title={name}>
              <ui.Icon name={name} size={20} />
            </span>
          ))}
        </div>
      </Part>
      <ui.Toaster />
    </main>
  );
}
