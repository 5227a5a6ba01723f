-- What 5.4 has otherwise than 5.6: the context public is served whole, and nothing is known of mod_audio_stream.

INSERT INTO v_default_settings (default_setting_uuid, default_setting_category, default_setting_subcategory, default_setting_name,
  default_setting_value, default_setting_enabled) VALUES
  (gen_random_uuid(), 'destinations', 'dialplan_mode', 'text', 'multiple', 'true');

INSERT INTO v_modules (module_uuid, module_label, module_name, module_category, module_order, module_enabled, module_default_enabled) VALUES
  (gen_random_uuid(), 'Commands', 'mod_commands', 'Applications', 100, 'true', 'true'),
  (gen_random_uuid(), 'Memcached', 'mod_memcache', 'Applications', 150, NULL, NULL),
  (gen_random_uuid(), 'Lua', 'mod_lua', 'Languages', 200, 'true', 'true');
