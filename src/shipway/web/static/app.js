// On every page: times that go on, commands that can be copied, lists that stay fresh.

import { keepTimes } from "./times.js";
import { offerCopies } from "./copy.js";
import { keepFresh } from "./fresh.js";

keepTimes();
offerCopies();
keepFresh();
