// One module a behaviour. Every page works without them; each makes one thing better.
import "./bell.js";
import "./busy.js";
import "./combobox.js";
import "./composer.js";
import "./copy.js";
import "./count.js";
import "./dialog.js";
import "./filters.js";
import "./focus.js";
import "./menu.js";
import "./passkey.js";
import "./print.js";
import "./search.js";
import "./selection.js";
import "./slider.js";
import "./theme.js";
import "./unsaved.js";
