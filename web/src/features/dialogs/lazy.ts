// Dialogs come when the first is opened, or once the page has nothing more urgent to do.

export const dialogs = () => import("./all");
