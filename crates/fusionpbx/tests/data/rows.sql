-- What a FusionPBX of two tenants has, in either version: a flag written as a word goes into a column of text and of booleans alike.

INSERT INTO v_domains (domain_uuid, domain_name, domain_enabled, domain_description) VALUES
  ('11111111-1111-4111-8111-111111111111', 'pbx.example.com', 'true', NULL),
  ('11111111-1111-4111-8111-111111111112', 'tenant2.example.com', 'true', 'second tenant');

INSERT INTO v_default_settings (default_setting_uuid, default_setting_category, default_setting_subcategory, default_setting_name,
  default_setting_value, default_setting_enabled) VALUES
  (gen_random_uuid(), 'switch', 'conf', 'dir', '/etc/freeswitch', 'true'),
  (gen_random_uuid(), 'switch', 'scripts', 'dir', '/usr/share/freeswitch/scripts', 'true'),
  (gen_random_uuid(), 'switch', 'mod', 'dir', '/usr/lib/freeswitch/mod', 'true'),
  (gen_random_uuid(), 'switch', 'log', 'dir', '/var/log/freeswitch', 'true'),
  (gen_random_uuid(), 'switch', 'bin', 'dir', '', 'true'),
  (gen_random_uuid(), 'switch', 'dialplan', 'dir', '/etc/freeswitch/dialplan', 'false'),
  (gen_random_uuid(), 'cache', 'method', 'text', 'file', 'true'),
  (gen_random_uuid(), 'cache', 'location', 'text', '/var/cache/fusionpbx', 'true');

INSERT INTO v_extensions (extension_uuid, domain_uuid, extension, effective_caller_id_name, directory_first_name, directory_last_name,
  user_context, enabled, description) VALUES
  ('44444444-0001-4444-8444-444444444444', '11111111-1111-4111-8111-111111111111', '1001', 'Ana Souza', 'Ana', 'Souza', 'pbx.example.com', 'true', 'Sales desk'),
  ('44444444-0003-4444-8444-444444444444', '11111111-1111-4111-8111-111111111112', '1001', 'Jenny Cole', 'Jenny', 'Cole', 'tenant2.example.com', 'true', 'tenant 2');

INSERT INTO v_ring_groups (domain_uuid, ring_group_uuid, ring_group_name, ring_group_extension, ring_group_context, ring_group_enabled,
  ring_group_description, dialplan_uuid) VALUES
  ('11111111-1111-4111-8111-111111111111', '55555555-0001-4555-8555-555555555555', 'Sales', '2000', 'pbx.example.com', 'true', 'Vendas / Sales team',
   '55555555-00d1-4555-8555-555555555555');

INSERT INTO v_call_center_queues (call_center_queue_uuid, domain_uuid, dialplan_uuid, queue_name, queue_extension, queue_context) VALUES
  ('66666666-0001-4666-8666-666666666666', '11111111-1111-4111-8111-111111111111', '66666666-00d1-4666-8666-666666666666', 'Support', '2100', 'pbx.example.com');

INSERT INTO v_ivr_menus (ivr_menu_uuid, domain_uuid, dialplan_uuid, ivr_menu_name, ivr_menu_extension, ivr_menu_context, ivr_menu_enabled) VALUES
  ('77777777-0001-4777-8777-777777777777', '11111111-1111-4111-8111-111111111111', '77777777-00d1-4777-8777-777777777777', 'Main menu', '2200', 'pbx.example.com', 'true');

INSERT INTO v_destinations (domain_uuid, destination_uuid, dialplan_uuid, destination_type, destination_number, destination_prefix,
  destination_number_regex, destination_context, destination_actions, destination_order, destination_enabled, destination_description) VALUES
  ('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-4001-4aaa-8aaa-aaaaaaaaaaaa', 'aaaaaaaa-0003-4aaa-8aaa-aaaaaaaaaaaa', 'inbound', '1155550199', '55',
   '^\+?(551155550199)$', 'public', '[{"destination_app":"transfer","destination_data":"8000 XML pbx.example.com"}]', 100, 'true',
   'DID to voice secretary');

INSERT INTO v_dialplans (domain_uuid, dialplan_uuid, app_uuid, dialplan_context, dialplan_name, dialplan_number, dialplan_destination,
  dialplan_continue, dialplan_xml, dialplan_order, dialplan_enabled, dialplan_description) VALUES
  (NULL, '88888888-0001-4888-8888-888888888888', 'b1cd7509-5576-469a-892d-d0cfb66a4197', 'public', 'caller-details', NULL, NULL, 'true',
'<extension name="caller-details" continue="true" uuid="88888888-0001-4888-8888-888888888888">
	<condition field="${caller_destination}" expression="^$">
		<action application="set" data="caller_destination=${destination_number}" inline="true"/>
	</condition>
</extension>', 10, 'true', NULL),
  (NULL, '88888888-0002-4888-8888-888888888888', '897845b0-1f13-444c-84fe-432fd47338ca', 'global', 'user_exists', NULL, NULL, 'true',
'<extension name="user_exists" continue="true" uuid="88888888-0002-4888-8888-888888888888">
	<condition field="" expression="">
		<action application="set" data="user_exists=${user_exists id ${destination_number} ${domain_name}}" inline="true"/>
	</condition>
</extension>', 10, 'true', NULL),
  (NULL, '88888888-0003-4888-8888-888888888888', '5c491a3e-f587-44df-970a-cd4352aa6f64', 'global', 'echo', '*9196', NULL, 'false',
'<extension name="echo" continue="false" uuid="88888888-0003-4888-8888-888888888888">
	<condition field="destination_number" expression="^\*9196$">
		<action application="answer" data=""/>
		<action application="echo" data=""/>
	</condition>
</extension>', 330, 'true', NULL),
  ('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-0001-4aaa-8aaa-aaaaaaaaaaaa', 'aaaaaaaa-00a0-4aaa-8aaa-aaaaaaaaaaaa', 'pbx.example.com', 'voice_secretary', '8000',
   'true', 'false',
'<extension name="voice_secretary" continue="false" uuid="aaaaaaaa-0001-4aaa-8aaa-aaaaaaaaaaaa">
	<condition field="destination_number" expression="^8000$">
		<action application="set" data="domain_uuid=11111111-1111-4111-8111-111111111111" inline="true"/>
		<action application="set" data="secretary_uuid=bbbbbbbb-0001-4bbb-8bbb-bbbbbbbbbbbb"/>
		<action application="lua" data="voice_secretary.lua"/>
	</condition>
</extension>', 240, 'true', 'Voice AI secretary'),
  ('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-0003-4aaa-8aaa-aaaaaaaaaaaa', 'c03b422e-13a8-bd1b-e42b-b6b9b4d27ce4', 'public', '551155550199', '551155550199', NULL,
   'false',
'<extension name="551155550199" continue="false" uuid="aaaaaaaa-0003-4aaa-8aaa-aaaaaaaaaaaa">
	<condition field="destination_number" expression="^\+?(551155550199)$">
		<action application="transfer" data="8000 XML pbx.example.com"/>
	</condition>
</extension>', 100, 'true', 'DID to voice secretary');

-- A row as the web pages leave it when nothing was filled in: it serves nothing.
INSERT INTO v_dialplans (dialplan_uuid) VALUES ('88888888-00ff-4888-8888-888888888888');

INSERT INTO v_dialplan_details (domain_uuid, dialplan_uuid, dialplan_detail_uuid, dialplan_detail_tag, dialplan_detail_type,
  dialplan_detail_data, dialplan_detail_inline, dialplan_detail_group, dialplan_detail_order, dialplan_detail_enabled) VALUES
  ('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-0001-4aaa-8aaa-aaaaaaaaaaaa', 'aaaaaaaa-1001-4aaa-8aaa-aaaaaaaaaaaa', 'condition', 'destination_number', '^8000$',
   NULL, 0, 5, 'true'),
  ('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-0001-4aaa-8aaa-aaaaaaaaaaaa', 'aaaaaaaa-1002-4aaa-8aaa-aaaaaaaaaaaa', 'action', 'set',
   'domain_uuid=11111111-1111-4111-8111-111111111111', 'true', 0, 10, 'true'),
  ('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-0001-4aaa-8aaa-aaaaaaaaaaaa', 'aaaaaaaa-1003-4aaa-8aaa-aaaaaaaaaaaa', 'action', 'set',
   'secretary_uuid=bbbbbbbb-0001-4bbb-8bbb-bbbbbbbbbbbb', NULL, 0, 15, 'true'),
  ('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-0001-4aaa-8aaa-aaaaaaaaaaaa', 'aaaaaaaa-1004-4aaa-8aaa-aaaaaaaaaaaa', 'action', 'lua', 'voice_secretary.lua',
   NULL, 0, 20, 'true'),
  ('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-0003-4aaa-8aaa-aaaaaaaaaaaa', 'aaaaaaaa-3001-4aaa-8aaa-aaaaaaaaaaaa', 'condition', 'destination_number',
   '^\+?(551155550199)$', NULL, 0, 20, 'true'),
  ('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-0003-4aaa-8aaa-aaaaaaaaaaaa', 'aaaaaaaa-3002-4aaa-8aaa-aaaaaaaaaaaa', 'action', 'transfer',
   '8000 XML pbx.example.com', NULL, 0, 30, 'true');
