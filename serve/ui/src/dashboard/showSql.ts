/** How a panel asks the page to show its SQL. */
import type { InjectionKey } from "vue";
import type { Source } from "../api/client";

export const SHOW_SQL: InjectionKey<(title: string, source: Source) => void> = Symbol("show SQL");
