/* What every page needs. Islands (board, designer, charts) are separate modules in ./islands. */
import { startCopying } from "./copying";
import { startDates } from "./dates";
import { startDialogs } from "./dialogs";
import { startFiles } from "./files";
import { startForms } from "./forms";
import { startInView } from "./inview";
import { startHtmx } from "./requests";
import { startLocalTime } from "./localtime";
import { startPalette } from "./palette";
import { startShortcuts } from "./shortcuts";
import { startTheme } from "./theme";
import { startToasts } from "./toasts";
import { startTyping } from "./typing";

startHtmx();
startToasts();
startDialogs();
startCopying();
startDates();
startTyping();
startForms();
startFiles();
startTheme();
startLocalTime();
startPalette();
startShortcuts();
startInView();
