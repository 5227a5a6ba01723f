-- What 5.6 has otherwise than 5.4: a DID is served by its own row alone, and a module that was found is registered and not enabled.

INSERT INTO v_default_settings (default_setting_uuid, default_setting_category, default_setting_subcategory, default_setting_name,
  default_setting_value, default_setting_enabled) VALUES
  (gen_random_uuid(), 'destinations', 'dialplan_mode', 'text', 'single', 'true');

INSERT INTO v_modules (module_uuid, module_label, module_name, module_category, module_order, module_enabled, module_default_enabled) VALUES
  (gen_random_uuid(), 'Commands', 'mod_commands', 'Applications', 100, 'true', 'true'),
  (gen_random_uuid(), 'Memcached', 'mod_memcache', 'Applications', 150, NULL, NULL),
  (gen_random_uuid(), 'Lua', 'mod_lua', 'Languages', 200, 'true', 'true'),
  ('46c0b424-30d6-4382-9869-d30f8a900789', 'Audio Stream', 'mod_audio_stream', 'Auto', 800, NULL, NULL);
