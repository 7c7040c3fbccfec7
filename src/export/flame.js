// SPDX-License-Identifier: Apache-2.0
// The script within the flame graph that src/export/svg.c writes.
(function () {
	'use strict';
	var me = document.currentScript;
	var svg = (me && me.ownerSVGElement) || document.documentElement;
	var get = function (name) { return svg.querySelector('.' + name); };
	var box = get('find'), found = get('found'), all = [], at = 0, CHAR = 7.25;

	[].forEach.call(svg.querySelectorAll('.n'), function (g, i) {
		var title = g.querySelector('title').textContent;

		all.push({
			g: g, rect: g.querySelector('rect'), text: g.querySelector('text'),
			name: title.slice(0, title.lastIndexOf(' \u2014 ')),
			up: +g.getAttribute('data-p'), x: +g.getAttribute('data-x'), w: +g.getAttribute('data-w')
		});
		g.addEventListener('click', function () { zoom(i); });
	});
	if (!all.length)
		return;

	function place(n, x, w) {
		var px = w * svg.clientWidth, fit = Math.floor((px - 6) / CHAR);

		n.rect.setAttribute('x', 100 * x + '%');
		n.rect.setAttribute('width', 100 * w + '%');
		n.text.setAttribute('x', 100 * x + '%');
		n.text.textContent = fit < 3 ? '' : n.name.length <= fit ? n.name : n.name.slice(0, fit - 1) + '\u2026';
	}

	// Those above the chosen one are as wide as it; those beside it are not shown.
	function zoom(to) {
		var top = all[to], up = {}, inside = {}, i;

		for (i = to; i >= 0 && i !== all[i].up; i = all[i].up)
			up[i] = true;
		up[0] = true;
		all.forEach(function (n, k) {
			inside[k] = k === to || (k > to && inside[n.up]);
			n.g.style.display = inside[k] || up[k] ? '' : 'none';
			n.g.setAttribute('class', 'n' + (up[k] && k !== to ? ' up' : '') + (n.met ? ' met' : ''));
			if (inside[k])
				place(n, (n.x - top.x) / top.w, n.w / top.w);
			else if (up[k])
				place(n, 0, 1);
		});
		at = to;
		get('reset').style.display = to ? '' : 'none';
		remember();
	}

	// The share of what is met or lies above it, each once.
	function find(pattern) {
		var re = null, sum = 0, under = {};

		try {
			re = pattern ? new RegExp(pattern) : null;
			box.removeAttribute('data-bad');
		} catch (e) {
			box.setAttribute('data-bad', '1');
		}
		all.forEach(function (n, k) {
			n.met = !!re && k > 0 && re.test(n.name);
			n.g.classList.toggle('met', n.met);
			if (n.met && !under[n.up])
				sum += n.w;
			under[k] = n.met || (k > 0 && under[n.up]);
		});
		found.textContent = re ? 'found: ' + (100 * sum / all[0].w).toFixed(2) + '%' : '';
		remember();
	}

	function remember() {
		var hash = (at ? 'zoom=' + at : '') + (box.value ? (at ? '&' : '') + 'find=' + encodeURIComponent(box.value) : '');

		try {
			history.replaceState(null, '', '#' + hash);
		} catch (e) { /* not every viewer has a history */ }
	}

	function begin() {
		var zoomed = /zoom=(\d+)/.exec(location.hash), sought = /find=([^&]*)/.exec(location.hash);

		svg.removeAttribute('viewBox');
		svg.setAttribute('width', '100%');
		get('controls').style.display = '';
		box.value = sought ? decodeURIComponent(sought[1]) : '';
		zoom(zoomed && +zoomed[1] < all.length ? +zoomed[1] : 0);
		find(box.value);
	}

	box.addEventListener('input', function () { find(box.value); });
	get('reset').addEventListener('click', function () { zoom(0); });
	window.addEventListener('resize', function () { zoom(at); });
	document.addEventListener('keydown', function (e) {
		if (e.key === '/' && e.target !== box) {
			e.preventDefault();
			box.focus();
		} else if (e.key === 'Escape') {
			box.value = '';
			box.blur();
			find('');
			zoom(0);
		}
	});
	begin();
})();
