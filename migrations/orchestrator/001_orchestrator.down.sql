drop table api_key, secret, node, audit_log, quarantine, open, outbox_batch, journal, saga, shard,
  topic, definition, installation;
