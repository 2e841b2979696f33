drop function fence_remember(uuid, text, text, text, text, bytea);
drop function fence_ask(text, text, text, text, text, boolean, bytea);
