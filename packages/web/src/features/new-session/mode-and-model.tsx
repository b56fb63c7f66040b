/** The two choices most people leave as they are. */
import "../../i18n/later.ts";
import { useT } from "../../i18n/index.ts";
import { Field, Select } from "../../ui/field.tsx";
import type { Form } from "./new-session.model.ts";
import { useModeHint, useModeName } from "../chat/header/mode-names.ts";

export function ModeAndModel({ form, onChange }: { form: Form; onChange: (part: Partial<Form>) => void }) {
  const t = useT();
  const modeName = useModeName();
  const modeHint = useModeHint();
  if (form.agent === "") return null;
  return (
    <div className="grid gap-4 desk:grid-cols-2">
      {form.modes.length > 0 && (
        <Select
          label={t("new.mode")}
          value={form.mode}
          hint={modeHint(form.mode)}
          onChange={(event) => onChange({ mode: event.target.value })}
        >
          {form.modes.map((mode) => (
            <option key={mode} value={mode}>
              {modeName(mode)}
            </option>
          ))}
        </Select>
      )}
      <Field
        label={t("new.model")}
        value={form.model}
        placeholder={t("new.model.default")}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onChange({ model: event.target.value })}
      />
    </div>
  );
}
