/** Every shared component with its states on one page. */
import { useState } from "react";
import { Button, IconButton } from "../../../ui/button.tsx";
import { EmptyState } from "../../../ui/empty-state.tsx";
import { Field, Select, TextArea } from "../../../ui/field.tsx";
import { Icon, ICON_NAMES } from "../../../ui/icons.tsx";
import { Markdown } from "../../../ui/markdown.tsx";
import { Menu } from "../../../ui/menu.tsx";
import { RelativeTime } from "../../../ui/relative-time.tsx";
import { Sheet } from "../../../ui/sheet.tsx";
import { Skeleton } from "../../../ui/skeleton.tsx";
import { Pill, StatusLabel, STATUSES } from "../../../ui/status-glyph.tsx";
import { Tabs } from "../../../ui/tabs.tsx";
import { showToast } from "../../../ui/toast.ts";
import { Toaster } from "../../../ui/toaster.tsx";
import { Tooltip } from "../../../ui/tooltip.tsx";
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
          <Button tone="primary">Allow</Button>
          <Button>Deny</Button>
          <Button tone="quiet">Later</Button>
          <Button tone="danger" icon="trash">
            Delete
          </Button>
          <Button busy>Busy</Button>
          <Button disabled>Off</Button>
          <Button tone="primary" shortcut="A" icon="check">
            Shortcut
          </Button>
          <IconButton icon="send" label="Send" round tone="primary" />
          <IconButton icon="stop" label="Stop" round tone="plain" />
          <IconButton icon="more" label="More" />
        </div>
      </Part>
      <Part title="Status">
        <div className="flex flex-wrap gap-4">
          {STATUSES.map((status) => (
            <StatusLabel key={status} status={status} />
          ))}
        </div>
        <div className="flex flex-wrap gap-2">
          {STATUSES.map((status) => (
            <Pill key={status} tone={status}>
              {status}
            </Pill>
          ))}
        </div>
      </Part>
      <Part title="Fields">
        <Field label="Name" hint="Shown in the list" defaultValue="Invoice" />
        <Field label="Token" error="The hub does not know this token." defaultValue="abc" />
        <TextArea label="Message" value={text} onChange={(event) => setText(event.target.value)} />
        <Select label="Mode" defaultValue="b">
          <option value="a">Ask first</option>
          <option value="b">Accept edits</option>
        </Select>
      </Part>
      <Part title="Menus and sheets">
        <div className="flex gap-2">
          <Menu
            label="Model"
            items={["Small", "Large"].map((label) => ({
              id: label,
              label,
              hint: "200k tokens",
              chosen: label === "Large",
              onSelect: () => undefined,
            }))}
            trigger={(props) => <Button {...props}>Menu</Button>}
          />
          <Button onClick={() => setSheet(true)}>Sheet</Button>
          <Button
            onClick={() =>
              showToast({ tone: "failed", text: "The hub can't be reached", action: { label: "Retry", run: () => undefined } })
            }
          >
            Toast
          </Button>
          <Tooltip text="A word about it">
            <Button>Tooltip</Button>
          </Tooltip>
        </div>
        <Sheet open={sheet} onClose={() => setSheet(false)} title="Session" footer={<Button onClick={() => setSheet(false)}>Done</Button>}>
          <p>Choices come from below on a phone.</p>
        </Sheet>
        <Tabs
          label="Views"
          tabs={[
            { id: "diff", label: "Diff", count: 2 },
            { id: "file", label: "File" },
          ]}
          chosen={tab}
          onChoose={setTab}
        >
          <p className="p-3">{tab}</p>
        </Tabs>
      </Part>
      <Part title="States">
        <EmptyState
          icon="list"
          title="No sessions yet"
          hint="Run hapi in a directory."
          action={<Button tone="primary">New session</Button>}
        />
        <Skeleton />
        <p>
          <RelativeTime at={NOW} />
        </p>
      </Part>
      <Part title="Markdown">
        <Markdown text={answer} />
      </Part>
      <Part title="Icons">
        <div className="flex flex-wrap gap-3">
          {ICON_NAMES.map((name) => (
            <span key={name} title={name}>
              <Icon name={name} size={20} />
            </span>
          ))}
        </div>
      </Part>
      <Toaster />
    </main>
  );
}
